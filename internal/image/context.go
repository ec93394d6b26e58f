package image

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// hash is a digest of all that goes into the build, in hexadecimal: files by
// name, permissions and content, the Dockerfile, and the options. Times and
// owners are left out, so that a fresh clone gives the same.
func (b Build) hash(ctx context.Context) (string, error) {
	sum := sha256.New()
	for _, name := range b.names() {
		fmt.Fprintf(sum, "arg %q %q\n", name, b.Args[name])
	}
	fmt.Fprintf(sum, "target %q platform %q network %q\n", b.Target, b.Platform, b.Network)
	if b.Inline != "" {
		fmt.Fprintf(sum, "dockerfile %q\n", b.Inline)
	} else {
		text, err := os.ReadFile(b.dockerfile())
		if err != nil {
			return "", fmt.Errorf("%w; name its Dockerfile with build.dockerfile", err)
		}
		fmt.Fprintf(sum, "dockerfile %q\n", text)
	}
	ignored, err := b.ignored()
	if err != nil {
		return "", err
	}
	walk := &contextWalk{root: b.Context, sum: sum, ignored: ignored}
	err = filepath.WalkDir(b.Context, func(path string, entry fs.DirEntry, err error) error {
		if err := errors.Join(err, context.Cause(ctx)); err != nil {
			return err
		}
		return walk.visit(path, entry)
	})
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

// ignored reads the ignore file: the Dockerfile's own, else the context's.
func (b Build) ignored() (*patternmatcher.PatternMatcher, error) {
	for _, path := range []string{b.dockerfile() + ".dockerignore", filepath.Join(b.Context, ".dockerignore")} {
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		patterns, err := ignorefile.ReadAll(file)
		if closing := file.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		matcher, err := patternmatcher.New(patterns)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return matcher, nil
	}
	return patternmatcher.New(nil)
}

// contextWalk adds a build context's files to a hash.
type contextWalk struct {
	root    string
	sum     hash.Hash
	ignored *patternmatcher.PatternMatcher
}

func (w *contextWalk) visit(path string, entry fs.DirEntry) error {
	name, err := filepath.Rel(w.root, path)
	if err != nil || name == "." {
		return err
	}
	name = filepath.ToSlash(name)
	skip, err := w.ignored.MatchesOrParentMatches(name)
	if err != nil {
		return fmt.Errorf("ignore file: %w", err)
	}
	if skip {
		// A pattern such as !docs/api.md can take something below back in.
		if entry.IsDir() && !w.ignored.Exclusions() {
			return filepath.SkipDir
		}
		return nil
	}
	info, err := entry.Info()
	if err != nil {
		return err
	}
	return w.add(path, name, info)
}

func (w *contextWalk) add(path, name string, info fs.FileInfo) error {
	mode := info.Mode()
	switch mode.Type() {
	case fs.ModeDir:
		fmt.Fprintf(w.sum, "folder %q\n", name)
		return nil
	case fs.ModeSymlink:
		target, err := os.Readlink(path)
		fmt.Fprintf(w.sum, "link %q %q\n", name, filepath.ToSlash(target))
		return err
	case 0:
		fmt.Fprintf(w.sum, "file %q %o %d\n", name, mode.Perm(), info.Size())
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(w.sum, file)
		return errors.Join(err, file.Close())
	default: // sockets and devices go into no image
		return nil
	}
}

// remote reports whether a build context is an address rather than a folder.
func remote(context string) bool {
	return strings.Contains(context, "://") || strings.HasPrefix(context, "git@")
}
