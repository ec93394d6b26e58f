package docker

import (
	"strings"
	"testing"
)

func TestTailKeepsTheEnd(t *testing.T) {
	var kept tail
	for range 3 {
		if n, err := kept.Write([]byte(strings.Repeat("a", outputLimit/2))); n != outputLimit/2 || err != nil {
			t.Fatal(n, err)
		}
	}
	if n, err := kept.Write([]byte("end")); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	if kept.Len() != outputLimit || !strings.HasSuffix(kept.String(), "aend") {
		t.Errorf("%d bytes are kept, want %d with the end", kept.Len(), outputLimit)
	}
	if n, err := kept.Write([]byte(strings.Repeat("b", outputLimit+5))); n != outputLimit+5 || err != nil || kept.Len() != outputLimit {
		t.Errorf("got %d, %v with %d kept", n, err, kept.Len())
	}
}
