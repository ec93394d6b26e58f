package kind

import (
	"fmt"

	"sigs.k8s.io/kind/pkg/cluster"

	"github.com/diorama-dev/diorama/internal/kube"
)

// OtherContext is the current context of the user's kubeconfig; empty where
// there is none, or it is the cluster's.
func OtherContext(name string) (string, error) {
	current, err := kube.UserContext()
	if err != nil || current == "kind-"+name {
		return "", err
	}
	return current, nil
}

// MergeKubeconfig adds the cluster to the user's kubeconfig, as the context
// kind-CLUSTER, and makes it the current one.
func MergeKubeconfig(name string) error {
	provider := cluster.NewProvider(cluster.ProviderWithDocker())
	if err := provider.ExportKubeConfig(name, "", false); err != nil {
		return fmt.Errorf("merge the cluster into the kubeconfig: %w", err)
	}
	return nil
}

// UnmergeKubeconfig takes the cluster out of the user's kubeconfig, and makes
// the context that was the current one before it the current one again. Its
// nodes are gone already.
func UnmergeKubeconfig(name, before string) error {
	provider := cluster.NewProvider(cluster.ProviderWithDocker())
	if err := provider.Delete(name, ""); err != nil {
		return fmt.Errorf("take the cluster out of the kubeconfig: %w", err)
	}
	return kube.RestoreUserContext(before)
}
