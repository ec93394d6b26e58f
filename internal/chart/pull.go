package chart

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
)

// layerType is that of a chart's archive in a registry
// (https://helm.sh/docs/topics/registries).
const layerType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

// maxArchive bounds what is fetched of one chart.
const maxArchive = 20 << 20

// ErrOffline says that a chart would have to be fetched, which is forbidden.
var ErrOffline = errors.New("not in the cache, and offline")

// Registry fetches charts and keeps them.
type Registry struct {
	// Folder is where archives are kept, by what they were asked for as.
	Folder string
	// Offline has only charts that are kept already.
	Offline bool
}

// Pull is the chart that a source such as oci://ghcr.io/example/charts/x:1.2.3
// names: from the cache where it was fetched before, else from its registry,
// with the credentials that Docker has for it. A version is taken to mean the
// same chart for ever.
func (r Registry) Pull(ctx context.Context, source string) (Chart, error) {
	kept := filepath.Join(r.Folder, fmt.Sprintf("%x.tgz", sha256.Sum256([]byte(source))))
	if file, err := os.Open(kept); err == nil {
		defer file.Close()
		c, err := unpack(file, source)
		if err == nil {
			return c, nil
		}
		if r.Offline {
			return Chart{}, fmt.Errorf("%w: delete %s, and fetch it again where there is a network", err, kept)
		}
	}
	if r.Offline {
		return Chart{}, fmt.Errorf("chart %s: %w", source, ErrOffline)
	}
	data, err := r.within(ctx, source)
	if err != nil {
		return Chart{}, err
	}
	c, err := unpack(strings.NewReader(string(data)), source)
	if err != nil {
		return Chart{}, err
	}
	return c, keep(kept, data)
}

// fetchWithin bounds how long a registry may take for one chart, which is
// small: one that accepts and never answers is given up.
const fetchWithin = time.Minute

var (
	errSilent  = errors.New("the registry has not sent it within " + fetchWithin.String())
	errNoChart = errors.New("there is no archive of a chart at that address")
)

// within fetches, as long as the registry may take. The error is a
// [*PullError], unless ctx has ended.
func (Registry) within(ctx context.Context, source string) ([]byte, error) {
	bounded, cancel := context.WithTimeoutCause(ctx, fetchWithin, errSilent)
	defer cancel()
	data, err := fetch(bounded, source)
	switch {
	case err == nil:
		return data, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("fetch chart %s: %w", source, context.Cause(ctx))
	case bounded.Err() != nil:
		err = errSilent
	}
	return nil, &PullError{Source: source, Problem: problemOf(err), Err: err}
}

// fetch reads the archive from its registry.
func fetch(ctx context.Context, source string) ([]byte, error) {
	reference, err := name.ParseReference(strings.TrimPrefix(source, ociPrefix))
	if err != nil {
		return nil, err
	}
	image, err := remote.Image(reference, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return nil, err
	}
	manifest, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	for _, layer := range manifest.Layers {
		if string(layer.MediaType) != layerType {
			continue
		}
		if layer.Size > maxArchive {
			return nil, fmt.Errorf("its archive has %d bytes, at most %d are fetched", layer.Size, maxArchive)
		}
		content, err := image.LayerByDigest(layer.Digest)
		if err != nil {
			return nil, err
		}
		reader, err := content.Compressed()
		if err != nil {
			return nil, err
		}
		defer reader.Close()
		return io.ReadAll(io.LimitReader(reader, maxArchive)) // its digest is checked while it is read
	}
	return nil, errNoChart
}

// unpack reads an archive.
func unpack(reader io.Reader, source string) (Chart, error) {
	files, err := archive.LoadArchiveFiles(reader)
	if err != nil {
		return Chart{}, fmt.Errorf("read chart %s: %w", source, err)
	}
	c := Chart{Source: source, files: files}
	_, err = c.parse()
	return c, err
}

// keep writes the archive whole or not at all.
func keep(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("keep a chart: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), "fetch-*")
	if err != nil {
		return fmt.Errorf("keep a chart: %w", err)
	}
	defer os.Remove(temporary.Name()) // fails where it was renamed
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Close()); err != nil {
		return fmt.Errorf("keep a chart: %w", err)
	}
	if err := os.Rename(temporary.Name(), file); err != nil {
		return fmt.Errorf("keep a chart: %w", err)
	}
	return nil
}
