package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// programUser is whom programs run as: "nobody" by the convention of images
// that have nothing but a program.
const programUser = "65532:65532"

// BuildGo has an image with the program, and nothing else, in the host's
// cache. No registry and no base image is needed. Where the cache has it by
// the tag of the binary's hash, nothing is made.
func (h *Host) BuildGo(ctx context.Context, p Program) (Info, Outcome, error) {
	if p.Reference != "" {
		if info, err := h.Inspect(ctx, p.Reference); err == nil {
			return info, Unchanged, nil
		}
	}
	binary, err := h.Compile(ctx, p)
	if err != nil {
		return Info{}, "", err
	}
	info, err := h.Inspect(ctx, binary.Reference)
	if err == nil {
		return info, Unchanged, nil
	}
	if !absent(err) {
		return Info{}, "", err
	}
	made, err := programImage(p, binary)
	if err != nil {
		return Info{}, "", fmt.Errorf("make the image of %s: %w", p.Package, err)
	}
	if err := h.store(ctx, binary.Reference, made); err != nil {
		return Info{}, "", fmt.Errorf("put the image of %s into Docker's cache: %w", p.Package, err)
	}
	info, err = h.Inspect(ctx, binary.Reference)
	return info, Built, err
}

// programImage is a pure function of the program and its binary: no times, no
// owners, no names of this machine.
func programImage(p Program, binary Binary) (v1.Image, error) {
	content, err := os.ReadFile(binary.Path)
	if err != nil {
		return nil, err
	}
	place := "/" + path.Base(p.Package)
	archive, err := programArchive(place, content)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive)), nil
	})
	if err != nil {
		return nil, err
	}
	made, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := made.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	goos, goarch, _ := strings.Cut(p.Platform, "/")
	config.OS = goos
	config.Architecture, config.Variant, _ = strings.Cut(goarch, "/")
	config.Config = v1.Config{
		Entrypoint: append([]string{place}, p.Args...),
		User:       programUser,
		WorkingDir: "/",
		Env:        []string{"PATH=/"},
	}
	return mutate.ConfigFile(made, config)
}

// programArchive is the image's only layer: the program, and a folder for
// temporary files, which Go's standard library expects.
func programArchive(place string, content []byte) ([]byte, error) {
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	headers := []*tar.Header{
		{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777, Format: tar.FormatPAX},
		{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(place, "/"), Mode: 0o555, Size: int64(len(content)), Format: tar.FormatPAX},
	}
	for _, header := range headers {
		if err := writer.WriteHeader(header); err != nil {
			return nil, err
		}
	}
	_, err := writer.Write(content)
	err = errors.Join(err, writer.Close())
	return out.Bytes(), err
}

// store puts an image into the host's cache under the reference.
func (h *Host) store(ctx context.Context, ref string, made v1.Image) error {
	tag, err := name.NewTag(ref)
	if err != nil {
		return err
	}
	reader, writer := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := tarball.Write(tag, made, writer)
		writer.CloseWithError(err)
		written <- err
	}()
	answer, err := h.docker.ImageLoad(ctx, reader)
	if err != nil {
		reader.CloseWithError(err)
		return err
	}
	defer answer.Body.Close()
	// The engine begins to answer while it is still being sent to; the image
	// is there when the answer ends.
	err = loadAnswer(answer.Body)
	reader.CloseWithError(err)
	return errors.Join(err, <-written)
}

// loadAnswer reads the engine's answer to its end and finds the error in it.
func loadAnswer(body io.Reader) error {
	decoder := json.NewDecoder(body)
	for {
		var m message
		switch err := decoder.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the engine's answer: %w", err)
		}
		if err := m.failure(); err != nil {
			return err
		}
	}
}
