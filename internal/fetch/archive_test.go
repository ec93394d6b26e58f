package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// entry is one file of an archive that a test makes.
type entry struct {
	tar.Header
	content string
}

func file(name, content string, mode int64) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(content))}, content}
}

func folder(name string) entry {
	return entry{Header: tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o700}}
}

func link(name, target string) entry {
	return entry{Header: tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}}
}

func tarOf(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// jarOf is a jar that holds files, such as {"postgres.txz": …}.
func jarOf(tb testing.TB, files map[string][]byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, content := range files {
		f, err := w.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := f.Write(content); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// xzOf stores data as an xz stream whose chunks are not compressed, which
// spares the tests a compressor.
func xzOf(data []byte) []byte {
	flags := []byte{0, 1} // the check is a CRC32
	sum := func(b []byte) []byte { return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) }
	padded := func(b []byte) []byte { return append(b, make([]byte, (4-len(b)%4)%4)...) }

	head := []byte{2, 0, 0x21, 1, 0x16, 0, 0, 0} // one filter: LZMA2 with 8 MiB
	head = append(head, sum(head)...)
	var body []byte
	for control, rest := byte(1), data; len(rest) > 0; control = 2 {
		chunk := rest[:min(len(rest), 1<<16)]
		rest = rest[len(chunk):]
		body = append(body, control)
		body = binary.BigEndian.AppendUint16(body, uint16(len(chunk)-1))
		body = append(body, chunk...)
	}
	body = append(body, 0)

	index := []byte{0, 1}
	index = binary.AppendUvarint(index, uint64(len(head)+len(body)+4))
	index = padded(binary.AppendUvarint(index, uint64(len(data))))
	index = append(index, sum(index)...)
	footer := binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1))
	footer = append(footer, flags...)

	out := append([]byte("\xfd7zXZ\x00"), flags...)
	out = append(out, sum(flags)...)
	out = append(append(out, head...), padded(body)...)
	out = append(append(out, sum(data)...), index...)
	out = append(append(out, sum(footer)...), footer...)
	return append(out, "YZ"...)
}

// postgresJar is a release in miniature.
func postgresJar(tb testing.TB, more ...entry) []byte {
	tb.Helper()
	entries := append([]entry{
		folder("bin/"),
		file("bin/postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n", 0o755),
		file("bin/initdb", "#!/bin/sh\n", 0o700),
		file("lib/libpq.so.5.18", "library", 0o600),
		link("lib/libpq.so.5", "libpq.so.5.18"),
	}, more...)
	return jarOf(tb, map[string][]byte{"META-INF/MANIFEST.MF": []byte("Manifest-Version: 1.0\n"), "postgres.txz": xzOf(tarOf(tb, entries...))})
}
