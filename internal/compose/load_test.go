package compose

import (
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
