package manifest

import "fmt"

// refer has references between the stack's own objects follow their names.
func (a *adoption) refer(value any, key string) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			a.refer(item, key)
		}
	case map[string]any:
		a.referFrom(v, key)
		for name, child := range v {
			a.refer(child, name)
		}
	}
}

// referFrom changes the names that stand in a mapping under the key. Which
// fields name which kind is fixed by the Kubernetes API (v1.34: core, apps,
// batch, rbac, networking, autoscaling, admissionregistration; Gateway API v1) and
// by Istio's (networking v1).
func (a *adoption) referFrom(m map[string]any, key string) {
	switch key {
	case "configMap", "configMapRef", "configMapKeyRef":
		a.follow(m, "name", "ConfigMap")
	case "secret", "secretRef", "secretKeyRef":
		a.follow(m, "name", "Secret")
		a.follow(m, "secretName", "Secret")
	case "imagePullSecrets":
		a.follow(m, "name", "Secret")
	case "persistentVolumeClaim":
		a.follow(m, "claimName", "PersistentVolumeClaim")
	case "claimRef":
		a.followHere(m, "PersistentVolumeClaim")
	case "tls":
		a.follow(m, "secretName", "Secret")
	case "service":
		a.followHere(m, "Service")
	case "destination":
		a.followService(m, "host")
	case "roleRef", "scaleTargetRef":
		kind, _ := m["kind"].(string)
		version, _ := m["apiVersion"].(string)
		a.follow(m, "name", kindIn(version, kind))
	case "subjects":
		kind, _ := m["kind"].(string)
		if a.followHere(m, kind) {
			m["namespace"] = a.r.in.Namespace
		}
	}
	a.follow(m, "serviceAccountName", "ServiceAccount")
	a.follow(m, "priorityClassName", "PriorityClass")
	a.follow(m, "storageClassName", "StorageClass")
	a.follow(m, "runtimeClassName", "RuntimeClass")
	a.follow(m, "ingressClassName", "IngressClass")
	a.follow(m, "gatewayClassName", "GatewayClass")
	a.follow(m, "volumeName", "PersistentVolume")
	a.follow(m, "policyName", "ValidatingAdmissionPolicy")
	a.follow(m, "serviceName", "Service")
	gateways, _ := m["gateways"].([]any)
	for i, item := range gateways {
		if name, ours := a.names[objectKey{"Gateway.networking.istio.io", fmt.Sprint(item)}]; ours {
			gateways[i] = name
		}
	}
}

// followService follows a service of the Compose file.
func (a *adoption) followService(m map[string]any, field string) {
	old, _ := m[field].(string)
	if name, ours := a.r.names[old]; ours {
		m[field] = name
	}
}

// followHere follows a name that may have a namespace beside it: what is of
// another one is none of the stack's.
func (a *adoption) followHere(m map[string]any, kind string) bool {
	if space := m["namespace"]; space != nil && space != a.r.in.Namespace {
		return false
	}
	return a.follow(m, "name", kind)
}

// follow puts the name that an object has in the cluster into the field, and
// reports whether the object is one of the stack's.
func (a *adoption) follow(m map[string]any, field, kind string) bool {
	old, ok := m[field].(string)
	if !ok {
		return false
	}
	name, ours := a.names[objectKey{kind, old}]
	if ours {
		m[field] = name
	}
	return ours
}
