package fetch

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// central is where Maven artefacts are published.
const central = "https://repo1.maven.org/maven2"

// Platform is a system that programs are built for.
type Platform struct {
	OS, Arch string // as Go names them
	Musl     bool   // a Linux whose C library is musl
}

// Host is the platform that this process runs on.
func Host() Platform {
	return Platform{OS: runtime.GOOS, Arch: runtime.GOARCH, Musl: runtime.GOOS == "linux" && musl("/")}
}

// musl looks for the loaders: a program needs the one that it was linked for.
// Alpine may have glibc's too, as a shim that is not good enough for a server.
func musl(root string) bool {
	if _, err := os.Stat(filepath.Join(root, "etc", "alpine-release")); err == nil {
		return true
	}
	return has(root, "lib/ld-musl-*.so.1") && !has(root, "lib*/ld-linux*.so.*")
}

func has(root, pattern string) bool {
	found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
	return err == nil && len(found) > 0
}

// String is the platform as a folder's name has it.
func (p Platform) String() string {
	if p.Musl {
		return p.OS + "-" + p.Arch + "-musl"
	}
	return p.OS + "-" + p.Arch
}

// Release is a version of a program, built for a platform.
type Release struct {
	Name     string // of the program
	Version  string
	Platform Platform
	Archive  Archive
	Programs []string // paths below the release's folder that must be there
}

func (r Release) folder() string {
	return r.Name + "-" + r.Version + "-" + r.Platform.String()
}

// Maven is the address of a Maven repository; Maven Central where it is empty.
type Maven string

// Postgres is the release of PostgreSQL for a platform: the binaries that the
// zonky project builds for embedding. They are the server, initdb and pg_ctl,
// without clients.
func (m Maven) Postgres(p Platform) (Release, error) {
	repository, err := m.repository()
	if err != nil {
		return Release{}, err
	}
	builds := postgresBuilds()
	i := slices.IndexFunc(builds, func(b build) bool { return b.platform == p })
	if i < 0 {
		return Release{}, &Error{Subject: "PostgreSQL for " + p.String(), Problem: NoRelease}
	}
	artefact := "embedded-postgres-binaries-" + builds[i].classifier
	address := repository.JoinPath("io/zonky/test/postgres", artefact, postgresVersion, artefact+"-"+postgresVersion+".jar").String()
	return Release{
		Name: "postgres", Version: postgresVersion, Platform: p,
		Archive:  Archive{URL: address, SHA256: builds[i].sha256},
		Programs: programs(p, "postgres", "initdb"),
	}, nil
}

func (m Maven) repository() (*url.URL, error) {
	if m == "" {
		m = central
	}
	u, err := url.Parse(string(m))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("the Maven repository %q is no http or https address; give one such as %s", redacted(string(m)), central)
	}
	return u, nil
}

func programs(p Platform, names ...string) []string {
	extension := ""
	if p.OS == "windows" {
		extension = ".exe"
	}
	paths := make([]string, 0, len(names))
	for _, name := range names {
		paths = append(paths, filepath.Join("bin", name+extension))
	}
	return paths
}

// postgresVersion is the newest one that is there for every platform below.
const postgresVersion = "18.6.0"

// build is an artefact of the release: its sum is kept here rather than
// fetched from beside it, so that no mirror can put another file in its place.
type build struct {
	platform   Platform
	classifier string
	sha256     string
}

// postgresBuilds are all that there are; there is none for musl on ARM.
func postgresBuilds() []build {
	return []build{
		{
			Platform{OS: "linux", Arch: "amd64"},
			"linux-amd64", "008ee189eaa7ca2b58bd01dd950291e638b998392cf982297acd4779ec898ac1",
		},
		{
			Platform{OS: "linux", Arch: "arm64"},
			"linux-arm64v8", "5f54e016723afa6213925a8acb939bac52944b1d348f65c7a20f0cd2928c31be",
		},
		{
			Platform{OS: "linux", Arch: "amd64", Musl: true},
			"linux-amd64-alpine", "1568b3805c3a3b99b5f4f0d7f6cf16e2a39075462ed47a614bfbabd92508350d",
		},
		{
			Platform{OS: "darwin", Arch: "amd64"},
			"darwin-amd64", "690941008aac9ee360820fde9bb7870a4f3dcac5e9e2f9e45e42333a436ad0f9",
		},
		{
			Platform{OS: "darwin", Arch: "arm64"},
			"darwin-arm64v8", "8f6ed6f38195b50a40712ada8b2a12060b6193c1a6977a6eb5cff053bb5a1b89",
		},
		{
			Platform{OS: "windows", Arch: "amd64"},
			"windows-amd64", "b7ef2d03588e0439f0d0a2250f43905f7464f1e96ace47703ceaf79094198150",
		},
	}
}
