package diorama

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/image"
)

// ownBuild is this program's file, and what identifies the binary: an older
// keeper lets a newer one take over.
func ownBuild() (executable, build string, err error) {
	if executable, err = os.Executable(); err != nil {
		return "", "", fmt.Errorf("find the program's own file: %w", err)
	}
	info, err := os.Stat(executable)
	if err != nil {
		return "", "", fmt.Errorf("find the program's own file: %w", err)
	}
	if id := goBuildID(executable); id != "" {
		return executable, id, nil
	}
	return executable, fmt.Sprintf("%s %d %d", filepath.Base(executable), info.Size(), info.ModTime().UnixNano()), nil
}

// buildIDWithin is how far into a binary the toolchain writes its build ID.
const buildIDWithin = 64 << 10

// goBuildID is what the Go toolchain calls the binary: the same for the same
// content, wherever `go run` puts it. It stands at the beginning of the text,
// in ELF files in a note before it (cmd/internal/buildid); "" where it does not.
func goBuildID(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, buildIDWithin)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return ""
	}
	if _, after, found := bytes.Cut(head[:n], []byte("\xff Go build ID: \"")); found {
		id, _, _ := bytes.Cut(after, []byte{'"'})
		return string(id)
	}
	// ELF: the note's name is "Go" and its type 4; four words are its head.
	if _, after, found := bytes.Cut(head[:n], []byte("\x04\x00\x00\x00Go\x00\x00")); found {
		id, _, _ := bytes.Cut(after, []byte{0})
		return string(id)
	}
	return ""
}

// copyOf has a copy of the program in the environment's folder, where no
// keeper runs: one outlives the file that it was started from, which `go run`
// deletes and an update replaces. Copies of other builds go.
func copyOf(folder env.Folder, executable, build string) (string, error) {
	sum := sha256.Sum256([]byte(build))
	own := filepath.Join(folder.Programs(), fmt.Sprintf("%x", sum[:6]))
	program := filepath.Join(own, filepath.Base(executable))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	err := os.RemoveAll(folder.Programs())
	if err == nil {
		err = os.MkdirAll(own, 0o700)
	}
	if err == nil {
		err = copyReaders(executable, own)
	}
	if err == nil {
		err = linkOrCopy(executable, program)
	}
	if err != nil {
		return "", fmt.Errorf("copy the program for the keeper: %w", err)
	}
	return program, nil
}

// copyReaders has the programs that lie beside ours and run inside nodes for
// the keeper in the folder too, see [prebuilt].
func copyReaders(executable, folder string) error {
	executable, err := filepath.EvalSymlinks(executable)
	if err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(filepath.Dir(executable), image.PrebuiltName("diorama-reader", "*")))
	for _, file := range found {
		err = errors.Join(err, linkOrCopy(file, filepath.Join(folder, filepath.Base(file))))
	}
	return err
}

// linkOrCopy has the file in another place too, whole or not at all: as a link
// where that is possible, which takes neither time nor room.
func linkOrCopy(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), ".copy-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	err = errors.Join(err, out.Chmod(0o700), out.Close())
	if err == nil {
		err = os.Rename(out.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	return nil
}
