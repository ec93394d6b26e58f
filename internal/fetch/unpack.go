package fetch

import (
	"archive/tar"
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/mikelolasagasti/xz"
)

// invalid is an error of what an archive holds.
type invalid struct{ err error }

func (i *invalid) Error() string { return i.err.Error() }
func (i *invalid) Unwrap() error { return i.err }

func invalidf(format string, args ...any) error {
	return &invalid{fmt.Errorf(format, args...)}
}

// limits is how much an archive may unfold to.
type limits struct {
	bytes   int64
	entries int
}

// dictionary is how much memory unpacking may take: the most that xz takes
// with its usual options.
const dictionary = 64 << 20

// unpack unpacks a jar that holds one .txz into a folder that is not there
// yet. Its error is an [*invalid] unless the disk or the context is to blame.
func unpack(ctx context.Context, jar, folder string, most limits) error {
	err := unpackJar(ctx, jar, folder, most)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	_, file := errors.AsType[*fs.PathError](err)
	_, link := errors.AsType[*os.LinkError](err)
	_, typed := errors.AsType[*invalid](err)
	if err == nil || file || link || typed {
		return err
	}
	return &invalid{err}
}

func unpackJar(ctx context.Context, jar, folder string, most limits) error {
	archive, err := zip.OpenReader(jar)
	if err != nil {
		return err
	}
	defer archive.Close()
	inner, err := only(archive.File, ".txz")
	if err != nil {
		return err
	}
	packed, err := inner.Open()
	if err != nil {
		return err
	}
	defer packed.Close()
	unpacked, err := xz.NewReader(until(ctx, packed), dictionary)
	if err != nil {
		return err
	}
	return unpackTar(atMost(unpacked, most.bytes), folder, most)
}

// only finds the one file with an extension.
func only(files []*zip.File, extension string) (*zip.File, error) {
	var found *zip.File
	for _, f := range files {
		switch {
		case !strings.HasSuffix(f.Name, extension):
		case found != nil:
			return nil, invalidf("it holds both %q and %q", found.Name, f.Name)
		default:
			found = f
		}
	}
	if found == nil {
		return nil, invalidf("it holds no %s", extension)
	}
	return found, nil
}

// unpackTar makes the folder and what the archive says is in it. It reads to
// the end, since only there the packed stream says that it is whole.
func unpackTar(r io.Reader, folder string, most limits) error {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Chmod(".", 0o755); err != nil { // whatever the umask is
		return err
	}
	t := tree{root: root, folders: map[string]bool{".": true}, left: most}
	entries := tar.NewReader(r)
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := t.add(entry, entries); err != nil {
			return err
		}
	}
	_, err = io.Copy(io.Discard, r)
	return err
}

// atMost reads from r and fails where there is more than expected: an archive
// may be small and what it unfolds to without end.
func atMost(r io.Reader, most int64) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		if most -= int64(n); most < 0 {
			return 0, invalidf("it unfolds to too many bytes")
		}
		return n, err
	})
}
