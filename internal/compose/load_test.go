package compose

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

func stackFS(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o444}
	}
	return fsys
}

func TestLoadStack(t *testing.T) {
	t.Setenv("version", "from-the-process")
	fsys := stackFS(map[string]string{
		".env": "version=from-dotenv\n",
		"compose.yaml": `services:
  redis:
    image: redis:${version:-8.10.1}
    command: ["redis-server", "--requirepass", "${REDIS_PASSWORD:-secret}"]
    network_mode: host
    volumes: [data:/data, "./redis.conf:/etc/redis.conf:ro"]
volumes:
  data:
`,
		"redis.conf": "maxmemory 64mb\n",
	})
	project, err := LoadStack(t.Context(), fsys, "stacks/redis", map[string]string{"REDIS_PASSWORD": "hunter22"})
	if err != nil {
		t.Fatal(err)
	}
	redis := project.Model.Services["redis"]
	if redis.Image != "redis:8.10.1" {
		t.Errorf("image %q: variables of the process or of .env stood in", redis.Image)
	}
	if redis.Command[2] != "hunter22" {
		t.Errorf("command %q lacks the given variable", redis.Command)
	}
	if got, want := project.Position("services", "redis", "network_mode").String(), "stacks/redis/compose.yaml:5:5"; got != want {
		t.Errorf("position %s, want %s", got, want)
	}
	content := project.Content["stacks/redis/redis.conf"]
	if content.State != Readable || string(content.Files[0].Data) != "maxmemory 64mb\n" {
		t.Errorf("content %+v", project.Content)
	}
}

func TestStackErrors(t *testing.T) {
	deep := strings.Repeat("a: {", 100) + strings.Repeat("}", 100)
	bomb := "x-a: &a [1,1,1,1,1,1,1,1,1,1]\n"
	for i := range 12 {
		names := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", 'a'+i), 10), ",")
		bomb += fmt.Sprintf("x-%c: &%c [%s]\n", 'b'+i, 'b'+i, names)
	}
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "stacks/s/compose.yaml: the file is empty"},
		{"only comments", "# nothing\n", "empty"},
		{"binary", "services:\x00", "binary"},
		{"not UTF-8", "services: \xff\xfe", "binary"},
		{"huge", strings.Repeat("# filler\n", 300_000), "larger than"},
		{"a list", "- a\n- b\n", "stacks/s/compose.yaml:1:1: a Compose file is a mapping"},
		{"not YAML", "services: {web: [}\n", "stacks/s/compose.yaml"},
		{"deep", "services: {" + deep + "}", "nested more than"},
		{"bomb", bomb, "once aliases are expanded"},
		{"an alias of itself", "services: &s\n  web: *s\n", "nested more than"},
		{"an unknown key", "services:\n  web:\n    image: a\n    imagee: b\n", "stacks/s/compose.yaml:4:5: "},
		{"a wrong type", "services:\n  web:\n    image: a\n    ports: 80\n", "stacks/s/compose.yaml:4:5: services.web.ports"},
		{"no image", "services:\n  web: {}\n", "stacks/s/compose.yaml:2:3: "},
		{"an undefined volume", "services:\n  web: {image: a, volumes: [\"data:/d\"]}\n", "stacks/s/compose.yaml:2:3: "},
		{"a circle", "services:\n  a: {image: a, depends_on: [b]}\n  b: {image: a, depends_on: [a]}\n", "dependency cycle"},
		{"a circle of includes", "include: [compose.yaml]\nservices: {a: {image: a}}\n", "includes itself"},
		{"a circle of extends", "services: {a: {image: a, extends: b}, b: {image: b, extends: a}}\n", "Circular reference"},
		{"an include outside", "include: [../other.yaml]\nservices: {a: {image: a}}\n", "leaves the stack's folder"},
		{"an absolute include", "include:\n  - path: /etc/hosts\nservices: {a: {image: a}}\n", "leaves the stack's folder"},
		{"an include by variable", "include: [\"${HOME}/x.yaml\"]\nservices: {a: {image: a}}\n", "leaves the stack's folder"},
		{"an include's environment outside", "include: [{path: a.yaml, env_file: /etc/passwd}]\nservices: {a: {image: a}}\n", "leaves the stack's folder"},
		{"an extends outside", "services: {a: {extends: {file: ../b.yaml, service: b}}}\n", "leaves the stack's folder"},
		{"an env_file outside", "services: {a: {image: a, env_file: /etc/passwd}}\n", "outside of the stack's folder"},
		{"a secret outside", "services: {a: {image: a}}\nsecrets: {s: {file: ../../etc/passwd}}\n", "outside of the stack's folder"},
		{"a config outside", "services: {a: {image: a}}\nconfigs: {s: {file: /etc/passwd}}\n", "outside of the stack's folder"},
		{"many documents", strings.Repeat("services: {a: {image: a}}\n---\n", 20), "documents"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := LoadStack(t.Context(), stackFS(map[string]string{"compose.yaml": test.text}), "stacks/s", nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "diorama-stack-") {
				t.Errorf("the error names a temporary folder: %v", err)
			}
		})
	}
	if _, err := LoadStack(t.Context(), stackFS(nil), "stacks/s", nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a folder without a Compose file: %v", err)
	}
}

func TestStackBindOutside(t *testing.T) {
	_, err := LoadStack(t.Context(), stackFS(map[string]string{
		"compose.yaml": "services: {a: {image: a, volumes: [\"/etc/passwd:/x\"]}}\n",
	}), "s", nil)
	if err == nil || !strings.Contains(err.Error(), "outside of the stack's folder") {
		t.Errorf("a stack read the host's files: %v", err)
	}
}

func TestPositions(t *testing.T) {
	project, err := LoadStack(t.Context(), stackFS(map[string]string{
		"compose.yaml": `include: [parts/more.yaml]
x-base: &base
  restart: always
services:
  web:
    <<: *base
    extends: {file: base.yaml, service: app}
    ports: ["80", "81"]
    environment:
      - A=1
      - B=2
  worker:
    extends: web
    command: [work]
`,
		"base.yaml":       "services:\n  app:\n    image: app\n    logging: {driver: none}\n    ports: [\"79\"]\n",
		"parts/more.yaml": "services:\n  extra:\n    image: extra\n",
	}), "s", nil)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"services.web":                "s/compose.yaml:5:3",
		"services.web.restart":        "s/compose.yaml:3:3",
		"services.web.logging.driver": "s/base.yaml:4:15",
		"services.web.ports.0":        "s/base.yaml:5:13",
		"services.web.ports.1":        "s/compose.yaml:8:13",
		"services.web.environment.B":  "s/compose.yaml:11:9",
		"services.worker.logging":     "s/base.yaml:4:5",
		"services.worker.command":     "s/compose.yaml:14:5",
		"services.extra.image":        "s/parts/more.yaml:3:5",
		"services.extra.absent.deep":  "s/parts/more.yaml:2:3",
		"absent":                      "s/compose.yaml",
	} {
		if got := project.Position(strings.Split(path, ".")...).String(); got != want {
			t.Errorf("%s is at %s, want %s", path, got, want)
		}
	}
	if !project.Has("services", "web", "restart") || project.Has("services", "web", "absent") {
		t.Error("Has is wrong")
	}
}

func TestUnset(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "$$A": "", "$A": "A", "${A}": "A", "${A:-x}": "", "${A-}": "", "${A:?no}": "", "x$A-$A-${B}-$SET": "A B", "$$${A}": "A",
	} {
		if got := strings.Join(unset(text, map[string]string{"SET": ""}), " "); got != want {
			t.Errorf("unset(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestOverridesMove(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "compose.yaml", "services:\n  web:\n    image: a\n    command: [old]\n    pid: host\n    ports: [\"80\"]\n")
	write(t, folder, "compose.override.yaml", "services:\n  web:\n    command: [new]\n    pid: !reset null\n    ports: !override [\"81\"]\n")
	project := load(t, folder, "compose.yaml")
	if len(project.Files) != 2 {
		t.Fatalf("files %v: the override beside the file was not found", project.Files)
	}
	for path, want := range map[string]string{
		"services.web.image": "compose.yaml:3:5", "services.web.command": "compose.override.yaml:3:5",
		"services.web.ports.0": "compose.override.yaml:5:23",
	} {
		if got := project.Position(strings.Split(path, ".")...).String(); !strings.HasSuffix(got, "/"+want) {
			t.Errorf("%s is at %s, want %s", path, got, want)
		}
	}
	if project.Has("services", "web", "pid") {
		t.Error("a key that was reset is still there")
	}
	if got := project.Model.Services["web"].Command[0]; got != "new" {
		t.Errorf("command %q", got)
	}
}

// TestAppFollowsDockerCompose checks where variables come from, strongest
// first: ours, the process, .env.
func TestAppFollowsDockerCompose(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, ".env", "OURS=env\nPROCESS=env\nDOTENV=env\n")
	write(t, folder, "more.env", "FROM_FILE=yes\nDOTENV=file\n")
	write(t, folder, "compose.yaml", `services:
  web:
    image: a:${OURS}-${PROCESS}-${DOTENV}-${NONE:-default}
    env_file: more.env
  tool: {image: a, profiles: [tools]}
`)
	t.Setenv("COMPOSE_DISABLE_ENV_FILE", "false")
	t.Setenv("COMPOSE_PROFILES", "")
	t.Setenv("OURS", "process")
	t.Setenv("PROCESS", "process")
	loadWith := func() Project {
		p, err := LoadApp(t.Context(), "Some App", []string{folder + "/compose.yaml"}, map[string]string{"OURS": "extra"})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := loadWith()
	if got, want := p.Model.Services["web"].Image, "a:extra-process-env-default"; got != want {
		t.Errorf("image %s, want %s", got, want)
	}
	if got := *p.Model.Services["web"].Environment["FROM_FILE"]; got != "yes" {
		t.Errorf("env_file gave %q", got)
	}
	if len(p.Model.Services) != 1 {
		t.Errorf("services %v without a profile", p.Model.ServiceNames())
	}
	t.Setenv("COMPOSE_PROFILES", "tools,other")
	if p := loadWith(); len(p.Model.Services) != 2 {
		t.Errorf("services %v with the profile", p.Model.ServiceNames())
	}
}

func TestAppErrors(t *testing.T) {
	if _, err := LoadApp(t.Context(), "a", nil, nil); err == nil {
		t.Error("no files: no error")
	}
	if _, err := LoadApp(t.Context(), "a", []string{t.TempDir() + "/none.yaml"}, nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := LoadApp(t.Context(), "a", []string{t.TempDir()}, nil); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a folder: %v", err)
	}
}

func TestContents(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "small/a.txt", "a")
	write(t, folder, "small/deep/b.sh", "b")
	write(t, folder, "large", strings.Repeat("x", MaxContent+1))
	for i := range MaxFiles + 1 {
		write(t, folder, fmt.Sprintf("many/%d", i), "x")
	}
	for path, want := range map[string]ContentState{"small": Readable, "small/a.txt": Readable, "large": TooLarge, "many": TooLarge, "none": Missing} {
		if got := readContent(folder + "/" + path).State; got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if got := readContent("/dev/null").State; got != Special {
		t.Errorf("a device is %s", got)
	}
	small := readContent(folder + "/small")
	if len(small.Files) != 2 || small.Files[1].Path != "deep/b.sh" || !small.Files[1].Executable || small.Size() != 2 {
		t.Errorf("files %+v", small)
	}
}

func FuzzLoadStack(f *testing.F) {
	for _, seed := range []string{
		"", "services: {a: {image: a}}", "services: &s {a: *s}", "services:\n  a:\n    <<: [*b]\n", "include: [x]", "\x00",
		"services: {a: {extends: {file: compose.yaml, service: a}}}", "services: {a: {image: a, ports: [\"1-9:1-9/udp\"], tmpfs: /x}}",
		"services: {a: {image: \"${A:-${B:?no}}\"}}", "a: !reset\n---\nservices: !override {}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		project, err := LoadStack(t.Context(), fstest.MapFS{stackFile: {Data: data}}, "fuzz", map[string]string{"A": "b"})
		if err != nil {
			return
		}
		project.Walk(func(e Entry) bool {
			project.Position(e.Path...)
			return true
		})
		Recognise(project, available)
	})
}
