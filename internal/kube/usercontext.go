package kube

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
)

// UserContext is the current context of the user's own kubeconfig, which
// KUBECONFIG names, else ~/.kube/config; empty where there is none.
func UserContext() (string, error) {
	config, err := clientcmd.NewDefaultPathOptions().GetStartingConfig()
	if err != nil {
		return "", fmt.Errorf("read your kubeconfig: %w", err)
	}
	return config.CurrentContext, nil
}

// RestoreUserContext makes the named context the current one again, where none
// is by now and it is still there: whoever has chosen another keeps that.
func RestoreUserContext(name string) error {
	options := clientcmd.NewDefaultPathOptions()
	config, err := options.GetStartingConfig()
	if err != nil {
		return fmt.Errorf("read your kubeconfig: %w", err)
	}
	if _, there := config.Contexts[name]; !there || config.CurrentContext != "" {
		return nil
	}
	config.CurrentContext = name
	if err := clientcmd.ModifyConfig(options, *config, false); err != nil {
		return fmt.Errorf("make %s the current context of your kubeconfig again: %w; kubectl config use-context %s", name, err, name)
	}
	return nil
}
