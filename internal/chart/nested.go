package chart

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
)

const (
	// maxUnpacked bounds what a chart has with all archives in it unpacked, in
	// bytes. Helm has that bound for each of them: small ones may hold many.
	maxUnpacked = 100 << 20
	// maxNested bounds how deep archives are in one another.
	maxNested = 10
)

// unpacking is what may yet be unpacked.
type unpacking struct{ left int64 }

// measure refuses files whose archives of other charts would become too much:
// Helm unpacks them at each reading.
func (u *unpacking) measure(files []*archive.BufferedFile, depth int) error {
	for _, f := range files {
		if u.left -= int64(len(f.Data)); u.left < 0 {
			return fmt.Errorf("with the archives in it unpacked it has more than %d bytes", maxUnpacked)
		}
	}
	for _, f := range files {
		if path.Ext(f.Name) != ".tgz" || path.Base(path.Dir(f.Name)) != "charts" {
			continue
		}
		if depth == maxNested {
			return fmt.Errorf("%s: archives are in one another more than %d deep", f.Name, maxNested)
		}
		if err := u.archive(f, depth); err != nil {
			return err
		}
	}
	return nil
}

// archive measures one: as a stream, before it is held.
func (u *unpacking) archive(f *archive.BufferedFile, depth int) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(f.Data))
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	size, err := io.Copy(io.Discard, io.LimitReader(unzipped, u.left+1))
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	if size > u.left {
		return fmt.Errorf("with the archives in it unpacked it has more than %d bytes", maxUnpacked)
	}
	files, err := archive.LoadArchiveFiles(bytes.NewReader(f.Data))
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return u.measure(files, depth+1)
}
