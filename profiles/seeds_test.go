package profiles_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/profiles"
)

// TestSeedPaths: files are beside the profile that names them, wherever the
// profile that extends it lies, and lists of seeds are replaced as a whole.
func TestSeedPaths(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"work/mine.yaml":        "extends: ../elsewhere/deep/base.yaml\nstacks: [postgres, redis]\n",
		"work/over.yaml":        "seeds: [{redis: {file: over.redis}}]\n",
		"work/over.redis":       "SET a b\n",
		"elsewhere/deep/a.sql":  "SELECT 1;\n",
		"elsewhere/deep/b.yaml": "",
		"elsewhere/deep/base.yaml": `stacks: [postgres]
seeds:
  - postgres: {sql: [a.sql], users: [{name: shop, password: abc}, {name: other}]}
credentials: {postgres: {SEED_OTHER_PASSWORD: xyz}}
`,
	} {
		writeFile(t, filepath.Join(folder, filepath.FromSlash(name)), text)
	}
	library := profiles.Library{WorkingFolder: filepath.Join(folder, "work")}
	request := profiles.Request{Name: "./mine.yaml", Catalogue: catalogue(t)}
	p, err := library.Load(request)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Seeds) != 1 || len(p.Seeds[0].SQL) != 1 || p.Seeds[0].SQL[0].At != "../elsewhere/deep/base.yaml:3:22" {
		t.Errorf("seeds = %+v", p.Seeds)
	}
	if got := p.Credentials["postgres"]; got["SEED_SHOP_PASSWORD"] != "abc" || got["SEED_OTHER_PASSWORD"] != "xyz" {
		t.Errorf("credentials = %v", got)
	}
	request.Overlays = []string{"over.yaml"}
	request.Set = []string{"credentials.postgres.SEED_OTHER_PASSWORD="}
	if p, err = library.Load(request); err != nil {
		t.Fatal(err)
	}
	if len(p.Seeds) != 1 || p.Seeds[0].Instance != "redis" || len(p.Seeds[0].Commands) != 1 {
		t.Errorf("with the overlay: seeds = %+v", p.Seeds)
	}
	request.Overlays, request.Set = nil, []string{"seeds=[{redis: {file: none.redis}}]"}
	if _, err = library.Load(request); err == nil || !strings.Contains(err.Error(), `--set seeds=[{redis: {file: none.redis}}]: seeds[0].redis.file: the file "none.redis" does not exist`) {
		t.Errorf("error = %v", err)
	}
}
