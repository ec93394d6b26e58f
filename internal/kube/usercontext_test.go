package kube_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/diorama-dev/diorama/internal/kube"
)

// TestRestoreUserContext sees that the user's own choice is what stays.
func TestRestoreUserContext(t *testing.T) {
	const contexts = "apiVersion: v1\nkind: Config\ncontexts:\n- {name: work, context: {cluster: work, user: me}}\n- {name: home, context: {cluster: home, user: me}}\n"
	for _, tt := range []struct{ name, current, restored, want string }{
		{"none is current", "", "work", "work"},
		{"another was chosen", "home", "work", "home"},
		{"it is there no more", "", "gone", ""},
		{"there was none", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config")
			t.Setenv("KUBECONFIG", file)
			text := contexts
			if tt.current != "" {
				text += "current-context: " + tt.current + "\n"
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := kube.RestoreUserContext(tt.restored); err != nil {
				t.Fatal(err)
			}
			if got, err := kube.UserContext(); err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
		if err := kube.RestoreUserContext("work"); err != nil {
			t.Error(err)
		}
		if got, err := kube.UserContext(); err != nil || got != "" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}
