package seed

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// What is read is part of the plan, which is kept and sent about as a whole.
const (
	mostFile = 1 << 20 // bytes of a file
	mostAll  = 8 << 20 // bytes of all files of an instance
)

// read reads a file that the node names.
func (r *reader) read(n *yamlpos.Node, path, file string) (Script, bool) {
	text, err := r.text(file)
	if err != nil {
		r.report(n, path, err.Error())
		return Script{}, false
	}
	sum := sha256.Sum256([]byte(text))
	return Script{
		Name: slashed(file), Hash: hex.EncodeToString(sum[:]), Bytes: len(text), Text: text, At: n.String(),
	}, true
}

func (r *reader) text(file string) (string, error) {
	if file == "" {
		return "", errors.New(`found "", expected the path of a file`)
	}
	full := r.full(file)
	f, err := os.Open(full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("the file %s does not exist%s: paths are relative to the file that names them", yamlpos.Quote(file), r.near(full))
	case err != nil:
		return "", fmt.Errorf("the file cannot be read: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file: expected one", yamlpos.Quote(file))
	}
	data, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	switch r.bytes += len(data); {
	case err != nil:
		return "", fmt.Errorf("the file cannot be read: %w", err)
	case len(data) > mostFile:
		return "", fmt.Errorf("the file %s has more than %d MiB: expected less, since it becomes part of the plan; import what is larger with the server's own client", yamlpos.Quote(file), mostFile>>20)
	case r.bytes > mostAll:
		return "", fmt.Errorf("the files of %s have more than %d MiB together: expected less, since they become part of the plan", r.target.Instance, mostAll>>20)
	case !utf8.Valid(data):
		return "", fmt.Errorf("the file %s is not UTF-8: expected text", yamlpos.Quote(file))
	}
	return string(data), nil
}

func (r *reader) full(file string) string {
	if filepath.IsAbs(file) {
		return filepath.Clean(file)
	}
	return filepath.Join(r.target.Folder, file)
}

// near names the file beside a missing one that a person most likely meant.
func (r *reader) near(full string) string {
	entries, err := os.ReadDir(filepath.Dir(full))
	if err != nil {
		return ""
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	if nearest := yamlpos.Nearest(filepath.Base(full), names); nearest != "" {
		return " (did you mean " + yamlpos.Quote(nearest) + "?)"
	}
	return ""
}

// folder reads the migrations of a folder, in the order of their names.
func (r *reader) folder(n *yamlpos.Node, path, folder string) ([]Script, bool) {
	full := r.full(folder)
	entries, err := os.ReadDir(full)
	switch {
	case folder == "":
		r.report(n, path, `found "", expected the path of a folder`)
		return nil, false
	case errors.Is(err, fs.ErrNotExist):
		r.report(n, path, fmt.Sprintf("the folder %s does not exist%s: paths are relative to the file that names them", yamlpos.Quote(folder), r.near(full)))
		return nil, false
	case err != nil:
		r.report(n, path, fmt.Sprintf("the folder cannot be read: %v", err))
		return nil, false
	}
	var scripts []Script
	for _, entry := range entries { // sorted by name
		name := entry.Name()
		if entry.IsDir() || !IsMigration(name) {
			continue
		}
		script, ok := r.read(n, path, filepath.Join(folder, name))
		if !ok {
			return nil, false
		}
		scripts = append(scripts, script)
	}
	if len(scripts) == 0 {
		r.report(n, path, "no migrations in "+yamlpos.Quote(folder)+": expected files such as 001_orders.sql")
		return nil, false
	}
	return scripts, r.ordered(n, path, scripts)
}

// ordered refuses names whose numbers say another order than their letters:
// 10_b.sql comes before 2_a.sql.
func (r *reader) ordered(n *yamlpos.Node, path string, scripts []Script) bool {
	for i := range scripts[1:] {
		before, after := scripts[i].Name, scripts[i+1].Name
		x, y := number(before), number(after)
		if x != "" && y != "" && compareNumbers(x, y) > 0 {
			r.report(n, path, fmt.Sprintf("by name %s comes before %s: expected numbers of the same length, such as 002 and 010", before, after))
			return false
		}
	}
	return true
}

// number is the first run of digits of a file's name.
func number(name string) string {
	base := filepath.Base(name)
	start := strings.IndexAny(base, "0123456789")
	if start < 0 {
		return ""
	}
	end := slices.IndexFunc([]byte(base[start:]), func(c byte) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(base) - start
	}
	return base[start : start+end]
}

func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// IsMigration reports whether a file of a folder of migrations is one, by its
// name without the folder: what undoes one is none.
func IsMigration(name string) bool {
	return strings.HasSuffix(name, ".sql") && !strings.HasSuffix(name, ".down.sql") && !strings.HasPrefix(name, ".")
}
