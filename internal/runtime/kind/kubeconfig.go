package kind

import (
	"fmt"

	"sigs.k8s.io/kind/pkg/cluster"
)

// MergeKubeconfig adds the cluster to the user's kubeconfig, as the context
// kind-CLUSTER, and makes it the current one.
func MergeKubeconfig(name string) error {
	provider := cluster.NewProvider(cluster.ProviderWithDocker())
	if err := provider.ExportKubeConfig(name, "", false); err != nil {
		return fmt.Errorf("merge the cluster into the kubeconfig: %w", err)
	}
	return nil
}

// UnmergeKubeconfig takes the cluster out of the user's kubeconfig. Its nodes
// are gone already.
func UnmergeKubeconfig(name string) error {
	provider := cluster.NewProvider(cluster.ProviderWithDocker())
	if err := provider.Delete(name, ""); err != nil {
		return fmt.Errorf("take the cluster out of the kubeconfig: %w", err)
	}
	return nil
}
