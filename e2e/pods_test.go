//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// deletePods deletes Pods, which are named or selected as kubectl does, and
// returns once they are gone. It goes by their UIDs: kubectl's own wait has been
// seen to wait for ever where the next Pod of the name came at once.
func deletePods(t *testing.T, environment string, which ...string) {
	t.Helper()
	uids := func(which ...string) ([]string, error) {
		out, err := tryKubectl(t, environment, nil, append([]string{"get", "pods", "-o", "jsonpath={..metadata.uid}"}, which...)...)
		return strings.Fields(out), err
	}
	before, err := uids(which...)
	if err != nil || len(before) == 0 {
		t.Fatalf("there are no Pods %v: %v", which, err)
	}
	kubectl(t, environment, append([]string{"delete", "pod", "--wait=false"}, which...)...)
	eventually(t, fmt.Sprintf("the Pods %v are gone", which), func() error {
		now, err := uids()
		for _, uid := range now {
			if slices.Contains(before, uid) {
				return fmt.Errorf("%s is still there", uid)
			}
		}
		return err
	})
}
