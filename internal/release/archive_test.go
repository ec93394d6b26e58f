package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	commit = time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("CET", 3600))
	two    = []file{{"diorama", 0o755, []byte("program")}, {"LICENSE", 0o644, []byte("text")}}
	listed = []string{
		"diorama_1.0.0/LICENSE -rw-r--r-- 2026-03-01T11:00:00Z text",
		"diorama_1.0.0/diorama -rwxr-xr-x 2026-03-01T11:00:00Z program",
	}
)

func TestArchives(t *testing.T) {
	for name, c := range map[string]struct {
		write func(string, []file, time.Time) ([]byte, error)
		list  func([]byte) ([]string, error)
	}{"tar.gz": {tarGz, listTarGz}, "zip": {zipped, listZip}} {
		t.Run(name, func(t *testing.T) {
			archive, err := c.write("diorama_1.0.0", two, commit)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.list(archive)
			if err != nil || !slices.Equal(got, listed) {
				t.Errorf("it holds, with %v:\n%s\nwant:\n%s", err, strings.Join(got, "\n"), strings.Join(listed, "\n"))
			}
			turned := slices.Clone(two)
			slices.Reverse(turned)
			again, err := c.write("diorama_1.0.0", turned, commit.UTC())
			if err != nil || !bytes.Equal(archive, again) {
				t.Errorf("the same files give other bytes (%v)", err)
			}
		})
	}
}

func listTarGz(archive []byte) (all []string, err error) {
	compressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	for entries := tar.NewReader(compressed); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(entries)
		if err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprintf("%s %s %s %s", header.Name, header.FileInfo().Mode(), header.ModTime.UTC().Format(time.RFC3339), data))
	}
}

func listZip(archive []byte) (all []string, err error) {
	entries, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	for _, entry := range entries.File {
		opened, err := entry.Open()
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(opened)
		if err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprintf("%s %s %s %s", entry.Name, entry.Mode(), entry.Modified.UTC().Format(time.RFC3339), data))
	}
	return all, nil
}

func TestSums(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"b", "a"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := sums(folder); err != nil {
		t.Fatal(err)
	}
	const want = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7  a\n" +
		"0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f  b\n"
	if got, err := os.ReadFile(filepath.Join(folder, sumsFile)); err != nil || string(got) != want {
		t.Errorf("the sums are %v:\n%s\nwant:\n%s", err, got, want)
	}
}

// Every archive has what a package of the program consists of.
func TestContents(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	files, err := contents(program{version: "v1.0.0", time: commit})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"LICENSE", "README.md", "completions/diorama.bash", "completions/_diorama", "completions/diorama.fish",
		"completions/diorama.ps1", "man/man1/diorama.1", "man/man1/diorama-up.1", "man/man1/diorama-demo-rate.1",
	} {
		if !slices.ContainsFunc(files, func(f file) bool { return f.name == want && len(f.data) > 0 }) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestNames(t *testing.T) {
	p := program{version: "v1.2.0"}
	if got, want := p.named("diorama", "linux/arm64"), "diorama_1.2.0_linux_arm64"; got != want {
		t.Errorf("named %s, want %s", got, want)
	}
}

// Nothing is released that cannot be traced to a commit, and nothing is
// written over.
func TestRefuses(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := described(binary); err == nil || !strings.Contains(err.Error(), "clone") {
		t.Errorf("a binary without a commit: %v", err)
	}
	if err := release(t.Context(), t.TempDir(), nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("a folder that is there: %v", err)
	}
}
