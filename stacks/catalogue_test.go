package stacks_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/yamlpos"
	"github.com/diorama-dev/diorama/stacks"
)

func TestBuiltinStacksAreThere(t *testing.T) {
	names := builtin(t).Names()
	for _, name := range []string{"kafka", "memcached", "mysql", "postgres", "rabbitmq", "redis", "valkey"} {
		if !slices.Contains(names, name) {
			t.Errorf("no stack %s among %v", name, names)
		}
	}
	for _, stack := range builtin(t).All() {
		if !stack.Folder.Builtin || stack.Website == "" || stack.License == "" || stack.Footprint.Memory == 0 {
			t.Errorf("%s: a built-in stack has a website, a licence and a footprint", stack.Name)
		}
		for name, parameter := range stack.Parameters {
			if parameter.Description == "" {
				t.Errorf("%s: the parameter %s has no description", stack.Name, name)
			}
		}
	}
}

func TestLookupSuggests(t *testing.T) {
	_, err := builtin(t).Lookup("postgre")
	if err == nil || !strings.Contains(err.Error(), `unknown stack "postgre": did you mean "postgres"?`) {
		t.Errorf("error %v", err)
	}
	if _, err := (stacks.Catalogue{}).Lookup("redis"); err == nil {
		t.Error("the empty catalogue has a stack")
	}
}

const mine = "title: Mine\ncategory: cache\nsummary: Of mine.\n"

func TestUsersStacksShadow(t *testing.T) {
	near, far := t.TempDir(), t.TempDir()
	write(t, near, "redis", "name: redis\n"+mine)
	write(t, far, "redis", "name: redis\n"+strings.Replace(mine, "Mine", "Far", 1))
	write(t, far, "other", "name: other\nrequires: [redis, {category: queue}]\n"+mine)
	catalogue, err := builtin(t).WithFolders(near, far, filepath.Join(far, "not there"))
	if err != nil {
		t.Fatal(err)
	}
	redis, err := catalogue.Lookup("redis")
	if err != nil {
		t.Fatal(err)
	}
	if redis.Title != "Mine" || redis.Folder.Builtin || redis.Folder.Path != near+"/redis" {
		t.Errorf("the stack redis is %q of %v", redis.Title, redis.Folder)
	}
	other, err := catalogue.Lookup("other")
	if err != nil {
		t.Fatal(err)
	}
	want := []stacks.Requirement{
		{Stack: "redis", Position: far + "/other/stack.yaml:2:12"},
		{Category: stacks.Queue, Position: far + "/other/stack.yaml:2:19"},
	}
	if diff := cmp.Diff(want, other.Requires); diff != "" {
		t.Error(diff)
	}
	if original, err := builtin(t).Lookup("redis"); err != nil || original.Title != "Redis" {
		t.Errorf("the built-in stack changed: %v, %v", original.Title, err)
	}
}

func TestAllBrokenStacksAreNamed(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "one", "name: two\n"+mine)
	write(t, folder, "three", "- nothing\n")
	write(t, folder, "four", "name: four\nrequires: [postgre]\n"+mine)
	_, err := builtin(t).WithFolders(folder)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"one/stack.yaml:1:1", "three/stack.yaml:1:1", `four/stack.yaml:2:12: requires: unknown stack "postgre": did you mean "postgres"?`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
}

func TestUserFolders(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want []string
	}{
		"home":         {map[string]string{"HOME": "/home/me"}, []string{"/work/.diorama/stacks", "/home/me/.config/diorama/stacks"}},
		"xdg":          {map[string]string{"HOME": "/home/me", "XDG_CONFIG_HOME": "/cfg"}, []string{"/work/.diorama/stacks", "/cfg/diorama/stacks"}},
		"relative xdg": {map[string]string{"HOME": "/home/me", "XDG_CONFIG_HOME": "cfg"}, []string{"/work/.diorama/stacks", "/home/me/.config/diorama/stacks"}},
		"homeless":     {nil, []string{"/work/.diorama/stacks"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := stacks.UserFolders("/work", func(key string) string { return test.env[key] })
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzLoad sees that no bytes make loading panic, and that a stack which was
// loaded can be used: its defaults resolve.
func FuzzLoad(f *testing.F) {
	catalogue, err := stacks.Builtin()
	if err != nil {
		f.Fatal(err)
	}
	for _, stack := range catalogue.All() {
		if stack.Composed() {
			f.Add(file(f, stack, "stack.yaml"), file(f, stack, "compose.yaml"))
		}
	}
	f.Add([]byte("name: mine\nparameters: {a: {type: quantity, default: 1e9}}"), []byte("services: {a: &a {b: *a}}"))
	f.Fuzz(func(t *testing.T, stackFile, composeFile []byte) {
		folder := fstest.MapFS{"mine/stack.yaml": {Data: stackFile}, "mine/compose.yaml": {Data: composeFile}}
		stack, err := stacks.Load(folder, "mine", "mine")
		if err != nil {
			if _, ok := err.(yamlpos.Problems); !ok { //nolint:errorlint // the type itself is promised
				t.Errorf("an error of type %T: %v", err, err)
			}
			return
		}
		variables, err := stack.Resolve(nil)
		if err != nil {
			t.Fatalf("the defaults do not resolve: %v", err)
		}
		for name := range stack.Credentials {
			variables[name] = "x"
		}
		for name, endpoint := range stack.Endpoints {
			if _, err := endpoint.LocalURL(1, variables); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := endpoint.InternalURL(variables); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func file(tb testing.TB, stack stacks.Stack, name string) []byte {
	tb.Helper()
	data, err := yamlpos.ReadFile(stack.Folder.FS, name)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func write(t *testing.T, folder, name, stackFile string) {
	t.Helper()
	for file, content := range map[string]string{"stack.yaml": stackFile, "compose.yaml": "services: {mine: {image: mine}}\n"} {
		path := filepath.Join(folder, name, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func builtin(t *testing.T) stacks.Catalogue {
	t.Helper()
	catalogue, err := stacks.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}
