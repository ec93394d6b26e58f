package doctor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// kubeconfigs are the files that kubectl would read.
func kubeconfigs() []string {
	if list := os.Getenv("KUBECONFIG"); list != "" {
		return filepath.SplitList(list)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	return []string{filepath.Join(home, ".kube", "config")}
}

// ourContexts are the contexts in the files that have the name of one of our
// clusters. Files that cannot be read are kubectl's business.
func ourContexts(files []string) []string {
	var out []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for _, name := range contextNames(data) {
			if strings.HasPrefix(name, contextPrefix+clusterPrefix) && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

func contextNames(kubeconfig []byte) []string {
	var config struct {
		Contexts []struct {
			Name string `yaml:"name"`
		} `yaml:"contexts"`
	}
	if err := yaml.Unmarshal(kubeconfig, &config); err != nil {
		return nil
	}
	names := make([]string, 0, len(config.Contexts))
	for _, context := range config.Contexts {
		names = append(names, context.Name)
	}
	return names
}
