package fetch

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var generous = limits{bytes: 1 << 20, entries: 100}

// unpackHere unpacks a jar into a folder whose neighbours are watched.
func unpackHere(t *testing.T, jar []byte, most limits) (string, error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "release.jar")
	write(t, path, jar)
	folder := filepath.Join(dir, "cache", "release")
	if err := os.Mkdir(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	err := unpack(t.Context(), path, folder, most)
	holdsIn(t, filepath.Dir(folder), folder)
	return folder, err
}

// holdsIn fails where a folder's neighbourhood has more than the folder, or
// one of its links leads elsewhere.
func holdsIn(tb testing.TB, around, folder string) {
	tb.Helper()
	neighbours, err := os.ReadDir(around)
	if err != nil {
		tb.Fatal(err)
	}
	for _, n := range neighbours {
		if filepath.Join(around, n.Name()) != folder {
			tb.Errorf("%s was made outside", n.Name())
		}
	}
	real, err := filepath.EvalSymlinks(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		tb.Fatal(err)
	}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != fs.ModeSymlink {
			return err
		}
		end, err := filepath.EvalSymlinks(path)
		if err == nil && end != real && !strings.HasPrefix(end, real+string(filepath.Separator)) {
			tb.Errorf("%s leads to %s", path, end)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func TestUnpackRefusesWhatLeadsOut(t *testing.T) {
	outside := t.TempDir()
	of := func(kind byte) entry {
		return entry{Header: tar.Header{Name: "special", Typeflag: kind, Linkname: "bin/postgres"}}
	}
	for name, entries := range map[string][]entry{
		"a path that climbs":            {file("../evil", "x", 0o644)},
		"a path that climbs late":       {file("bin/../../evil", "x", 0o644)},
		"an absolute path":              {file(filepath.Join(outside, "evil"), "x", 0o644)},
		"a folder outside":              {folder("../evil/")},
		"an absolute link":              {link("evil", outside)},
		"a link that climbs":            {link("lib/evil", "../../evil")},
		"a link that climbs late":       {folder("a/"), folder("a/b/"), link("a/b/up", "../.."), link("evil", "a/b/up/..")},
		"a link with a backslash":       {link("evil", `..\..\evil`)},
		"a file through a link":         {link("there", "bin"), file("there/evil", "x", 0o644)},
		"a folder in place of a link":   {link("there", "bin"), folder("there/")},
		"a file in place of a link":     {link("there", "bin/evil"), file("there", "x", 0o644)},
		"a link in place of a folder":   {folder("there/"), link("there", "bin")},
		"a file below a file":           {file("bin/postgres/evil", "x", 0o644)},
		"a file twice":                  {file("bin/postgres", "x", 0o755)},
		"no name":                       {{Header: tar.Header{Name: ".", Typeflag: tar.TypeReg}}},
		"a very long name":              {file(strings.Repeat("a/", 600)+"x", "x", 0o644)},
		"a hard link":                   {of(tar.TypeLink)},
		"a device":                      {of(tar.TypeBlock)},
		"a pipe":                        {of(tar.TypeFifo)},
		"more bytes than it may have":   {file("large", strings.Repeat("x", 1<<20), 0o644)},
		"more entries than it may have": many(100),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpackHere(t, postgresJar(t, entries...), generous)
			if _, ok := errors.AsType[*invalid](err); !ok {
				t.Errorf("got %v", err)
			}
		})
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("outside is %v, %v", left, err)
	}
}

func many(n int) []entry {
	entries := make([]entry, n)
	for i := range entries {
		entries[i] = file("many/"+strings.Repeat("x", i+1), "", 0o644)
	}
	return entries
}

func TestUnpackRefusesWhatIsNoArchive(t *testing.T) {
	packed := xzOf(tarOf(t, file("bin/postgres", strings.Repeat("x", 1000), 0o755)))
	damaged := bytes.Clone(packed)
	damaged[700] ^= 1
	for name, jar := range map[string][]byte{
		"nothing":           {},
		"no zip":            []byte("<html>Please log in</html>"),
		"a zip without xz":  jarOf(t, map[string][]byte{"readme": nil}),
		"two of them":       jarOf(t, map[string][]byte{"a.txz": packed, "b.txz": packed}),
		"no xz":             jarOf(t, map[string][]byte{"a.txz": []byte("hello")}),
		"a cut xz":          jarOf(t, map[string][]byte{"a.txz": packed[:len(packed)-5]}),
		"a damaged xz":      jarOf(t, map[string][]byte{"a.txz": damaged}),
		"no tar":            jarOf(t, map[string][]byte{"a.txz": xzOf([]byte(strings.Repeat("x", 1024)))}),
		"a tar without end": jarOf(t, map[string][]byte{"a.txz": xzOf(tarOf(t, file("a", strings.Repeat("x", 2000), 0o644))[:1500])}),
		"too much padding":  jarOf(t, map[string][]byte{"a.txz": xzOf(append(tarOf(t), make([]byte, 1<<20)...))}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpackHere(t, jar, generous)
			if _, ok := errors.AsType[*invalid](err); !ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUnpackEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	jar := filepath.Join(dir, "release.jar")
	write(t, jar, postgresJar(t))
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if err := unpack(ctx, jar, filepath.Join(dir, "release"), generous); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

// compressed is a tar of a file and a link to it, as xz -9e packs it.
const compressed = "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4An/AHVdADEaShsJm84iHsbLRwPoGC75j1TR0bLwgHrZNShOx8DhIY9AK9e65EuPt1CecTgPCGj2q6/4jaAtJt7bVLl3f2pieLDBrCpQcD1n9HqaWDrxiFh+Otuv0HXJ+hGffQG+b1rNFKFeLkbq27xr66R1MCitN7+B1AAAAABvD7qHEwqTqgABkQGAFAAAHIV53rHEZ/sCAAAAAARZWg=="

func FuzzUnpack(f *testing.F) {
	packed, err := base64.StdEncoding.DecodeString(compressed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add(xzOf([]byte("no tar")))
	f.Fuzz(func(t *testing.T, packed []byte) {
		_, err := unpackHere(t, jarOf(t, map[string][]byte{"a.txz": packed}), generous)
		if _, ok := errors.AsType[*invalid](err); !ok && err != nil {
			t.Skip(err) // a name that the file system does not take
		}
	})
}

// FuzzTree makes entries of a script, a line each: what it is, its name, and
// where it leads if it is a link.
func FuzzTree(f *testing.F) {
	f.Add("d a\nd a/b\nl a/b/up ../..\nf a/b/up/x")
	f.Add("l there bin\nf there/../x\nd bin")
	f.Add("f ./bin/postgres\nl bin/pg ./postgres\nl bin/self .\nf bin/self/x")
	f.Fuzz(func(t *testing.T, script string) {
		var entries []entry
		for line := range strings.Lines(script) {
			words := append(strings.Fields(line), "", "", "")
			switch words[0] {
			case "d":
				entries = append(entries, folder(words[1]))
			case "l":
				entries = append(entries, link(words[1], words[2]))
			default:
				entries = append(entries, file(words[1], "x", 0o644))
			}
		}
		around := t.TempDir()
		into := filepath.Join(around, "release")
		err := os.Mkdir(into, 0o755)
		if err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(into)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		made := tree{root: root, folders: map[string]bool{".": true}, left: generous}
		for _, e := range entries {
			if made.add(&e.Header, strings.NewReader(e.content)) != nil {
				break
			}
		}
		holdsIn(t, around, into)
	})
}
