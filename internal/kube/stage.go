package kube

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

const (
	kindNamespace   = "Namespace"
	kindCRD         = "CustomResourceDefinition"
	kindClaim       = "PersistentVolumeClaim"
	kindVolume      = "PersistentVolume"
	kindStatefulSet = "StatefulSet"
	kindDeployment  = "Deployment"
	kindDaemonSet   = "DaemonSet"
	kindJob         = "Job"
	kindSecret      = "Secret"
)

// stage is when an object is applied: those of one stage need nothing of
// each other.
type stage int

const (
	stageNamespaces stage = iota
	stageDefinitions
	stageAccounts // workloads and webhooks refer to them
	stageSettings
	stageWorkloads
	stageAdmission // last: a webhook without its server refuses everything
	lastStage      = stageAdmission
)

func stageOf(object *unstructured.Unstructured) stage { return stageOfKind(object.GetKind()) }

func stageOfKind(kind string) stage {
	switch kind {
	case kindNamespace:
		return stageNamespaces
	case kindCRD, "PriorityClass", "StorageClass", "RuntimeClass", "IngressClass", "GatewayClass":
		return stageDefinitions
	case "ServiceAccount", "ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding":
		return stageAccounts
	case kindDeployment, kindStatefulSet, kindDaemonSet, kindJob, "CronJob", "Pod", "ReplicaSet":
		return stageWorkloads
	case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding":
		return stageAdmission
	default:
		return stageSettings
	}
}

// holdsData reports kinds that are never deleted to make way for a change,
// and never pruned. A stack that is removed takes its definitions and
// namespaces along, see [Client.Delete].
func holdsData(kind string) bool {
	switch kind {
	case kindNamespace, kindCRD, kindClaim, kindVolume:
		return true
	default:
		return false
	}
}
