package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// checksumExtension is that of a file which holds the sum of the one beside it.
const checksumExtension = ".sha256"

// expected is the sum that an archive must have. One that is known beforehand
// comes first; then the one that was kept with the archive, or put there by
// hand; then what the server says.
func (c Cache) expected(ctx context.Context, a Archive, path string) (string, error) {
	if a.SHA256 != "" {
		return strings.ToLower(a.SHA256), nil
	}
	if _, err := os.Stat(path); err == nil {
		if sum, err := readSum(path + checksumExtension); err == nil {
			return sum, nil
		}
	}
	if c.Offline {
		return "", c.absent(a, path)
	}
	return c.fetchSum(ctx, a, path)
}

// absent is the error of what an offline cache lacks.
func (c Cache) absent(a Archive, path string) error {
	if _, err := os.Stat(path); err == nil {
		return failed(a.Checksum, NoChecksum, path, errors.New("offline"))
	}
	return failed(a.URL, Offline, path, nil)
}

// fetchSum asks the server for a sum and keeps it beside where the archive
// will be. What an earlier, broken run left of it is of no use.
func (c Cache) fetchSum(ctx context.Context, a Archive, path string) (string, error) {
	kept := path + checksumExtension
	part := kept + partExtension
	if err := remove(part); err != nil {
		return "", err
	}
	if a.Checksum == "" {
		return "", failed(a.URL, NoChecksum, path, errors.New("nothing says what it must be"))
	}
	t := transfer{client: c.client(), url: a.Checksum, part: part, limit: 1 << 10}
	if err := t.run(ctx); err != nil {
		if typed, ok := errors.AsType[*Error](err); ok && typed.Problem == NotFound {
			err = &Error{Subject: redacted(a.Checksum), Problem: NoChecksum, Path: path, Err: typed.Err}
		}
		return "", errors.Join(err, remove(part))
	}
	sum, err := readSum(part)
	if err != nil {
		return "", errors.Join(failed(a.Checksum, NoChecksum, path, err), remove(part))
	}
	return sum, os.Rename(part, kept)
}

// readSum reads the sum out of a file, which may name what it is of behind it.
func readSum(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(text))
	if len(fields) == 0 {
		return "", errors.New("the file that should hold it is empty")
	}
	sum := strings.ToLower(fields[0])
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != sha256.Size {
		return "", fmt.Errorf("%.80q is no SHA-256", fields[0])
	}
	return sum, nil
}

// verify holds a file against the sum that it must have, and removes it where
// it is another.
func verify(ctx context.Context, a Archive, path, sum string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, until(ctx, file)); err != nil {
		return err
	}
	found := hex.EncodeToString(hash.Sum(nil))
	if found == sum {
		return nil
	}
	file.Close() // what is open cannot be removed everywhere
	wrong := fmt.Errorf("%s has %s, not %s", path, found, sum)
	return errors.Join(failed(a.URL, WrongChecksum, path, wrong), remove(path))
}
