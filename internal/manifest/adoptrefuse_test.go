package manifest

import (
	"strings"
	"testing"
)

// TestAdoptedRefused: what would be read by everybody, be elsewhere, or have no
// name in the cluster.
func TestAdoptedRefused(t *testing.T) {
	long := strings.Repeat("n", 55)
	for name, test := range map[string]struct{ object, want string }{
		"a credential in a ConfigMap": {
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {url: 'postgres://u:hidden@db/x'}",
			"agent.yaml:1:1: ConfigMap a: data.url holds a credential",
		},
		"a credential in a variable": {
			"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: a, env: [{name: P, value: hidden}]}]}}}",
			"agent.yaml:1:1: Deployment a: spec.template.spec.containers[0].env[0].value holds a credential",
		},
		"another namespace": {
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: monitoring}",
			`agent.yaml:1:1: ConfigMap a: found the namespace "monitoring", expected none`,
		},
		"a long CronJob": {
			"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: " + long + "}",
			"of a CronJob: it has 55 characters, at most 52 are possible",
		},
		"a long Job": {
			"apiVersion: batch/v1\nkind: Job\nmetadata: {name: " + long + "}",
			"of a Job: it has 55 characters, at most 54 are possible",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "services: {store: {image: store}}")
			in.Secrets = []string{"hidden"}
			in.Objects = objectsOf(t, test.object)
			if _, err := Render(in); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	in := input(t, "services: {store: {image: store}}")
	in.Secrets = []string{"hidden"}
	in.Objects = objectsOf(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: diorama}\nstringData: {password: hidden}")
	if _, err := Render(in); err != nil {
		t.Errorf("a Secret of the environment's namespace: %v", err)
	}
}

const classes = `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: c}
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: c}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: c}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: c}
spec: {claimRef: {name: c, namespace: diorama}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: c}
spec: {volumeName: c}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: c}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: c}
spec: {policyName: c}
---
apiVersion: v1
kind: Secret
metadata: {name: c}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: c}
spec: {ingressClassName: c, tls: [{secretName: c}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: c}
spec: {gatewayClassName: c}
---
apiVersion: v1
kind: Service
metadata: {name: c}
spec: {selector: {app: c}}
---
apiVersion: v1
kind: Service
metadata: {name: outside}
spec: {externalName: example.org}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  selector: {matchLabels: {app: c}}
  template:
    metadata: {labels: {app: c}}
    spec: {runtimeClassName: c, containers: [{name: c, image: c}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: c}
subjects: [{kind: ServiceAccount, name: c, namespace: kube-system}, {kind: ServiceAccount, name: c, namespace: diorama}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: c}
`

// TestAdoptedReferences: every field that names an object of the stack has its
// name in the cluster, and a Service has Pods of its own instance only.
func TestAdoptedReferences(t *testing.T) {
	result, err := Render(second(t, classes))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ kind, name, want string }{
		{"PersistentVolume", "diorama-e-second-c", "claimRef:\n    name: second-c\n"},
		{"PersistentVolumeClaim", "second-c", "volumeName: diorama-e-second-c\n"},
		{"ValidatingAdmissionPolicyBinding", "diorama-e-second-c", "policyName: diorama-e-second-c\n"},
		{"Ingress", "second-c", "ingressClassName: diorama-e-second-c\n  tls:\n  - secretName: second-c\n"},
		{"Gateway", "second-c", "gatewayClassName: diorama-e-second-c\n"},
		{kindDeployment, "second-d", "runtimeClassName: diorama-e-second-c\n"},
		{"Service", "second-c", "selector:\n    app: c\n    diorama.dev/stack: second\n"},
		{"ClusterRoleBinding", "diorama-e-second-c", "name: c\n  namespace: kube-system\n- kind: ServiceAccount\n  name: second-c\n  namespace: diorama\n"},
	} {
		if got := asText(t, object(t, result, test.kind, test.name)); !strings.Contains(got, test.want) {
			t.Errorf("%s lacks %q:\n%s", test.kind, test.want, got)
		}
	}
	if got := asText(t, object(t, result, "Service", "second-outside")); strings.Contains(got, "selector") {
		t.Errorf("a Service without a selector got one:\n%s", got)
	}
}
