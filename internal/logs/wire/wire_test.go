package wire_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

func frames() []wire.Frame {
	return []wire.Frame{
		{Kind: wire.Hello, Offset: wire.Version, Data: []byte{}},
		{Kind: wire.Announce, File: 1<<32 - 1, Data: wire.Source{Pod: "p", UID: "u", Container: "c", Run: 3, First: -5}.Append(nil)},
		{Kind: wire.Chunk, File: 7, Offset: 1 << 40, Past: 1796000000123456789, Data: []byte(strings.Repeat("2026-11-27T07:00:00Z stdout F hello\n", 2000))},
		{Kind: wire.Chunk, File: 7, Data: bytes.Repeat([]byte{0xff, 0}, wire.MaxData/2)},
		{Kind: wire.Past, Past: -1, Data: []byte{}},
	}
}

func TestRoundTrip(t *testing.T) {
	for _, pack := range []bool{false, true} {
		var pipe bytes.Buffer
		w := wire.NewWriter(&pipe, pack)
		for _, f := range frames() {
			if err := w.Write(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		r := wire.NewReader(&pipe)
		for _, want := range frames() {
			got, err := r.Next()
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("read %v of %d bytes, %v; want %v of %d bytes", got.Kind, len(got.Data), err, want.Kind, len(want.Data))
			}
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("at the end: %v", err)
		}
	}
}

// Whatever bit turns over on the way, no other frame is read.
func TestDamageIsSeen(t *testing.T) {
	whole := wire.Append(nil, wire.Frame{Kind: wire.Chunk, File: 1, Offset: 2, Past: 3, Data: []byte(strings.Repeat("line ", 200))}, true)
	for i := range whole {
		for bit := range 8 {
			damaged := bytes.Clone(whole)
			damaged[i] ^= 1 << bit
			if f, err := wire.NewReader(bytes.NewReader(damaged)).Next(); err == nil {
				t.Fatalf("byte %d, bit %d turned: read %v", i, bit, f.Kind)
			}
		}
		if _, err := wire.NewReader(bytes.NewReader(whole[:i])).Next(); i > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

func TestSource(t *testing.T) {
	want := wire.Source{Pod: "web-0", UID: "u-1", Container: "web", Run: 12, First: 1796000000123456789}
	got, err := wire.ParseSource(want.Append(nil))
	if err != nil || got != want {
		t.Errorf("read %v, %v", got, err)
	}
	other := want
	other.Run, other.First = 1, 2
	if want.FileID() == other.FileID() || want.ContainerID() != other.ContainerID() {
		t.Errorf("named %s and %s", want.FileID(), other.FileID())
	}
}

func TestStamps(t *testing.T) {
	var stamps wire.Stamps
	for _, text := range []string{
		"2026-11-27T07:00:00.123456789Z", "2026-11-27T07:00:59Z", "2026-11-27T07:00:01.5Z", "2026-11-27T07:01:00.000000001Z",
		"2026-11-27T07:01:00.25+01:00", "2026-11-27T07:01:00.25-09:30", "2024-02-29T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
	} {
		want, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{text + " stdout F", text} {
			got, n := stamps.Parse(line)
			if n != len(text) || got.Seconds != want.Unix() || int(got.Nanos) != want.Nanosecond() {
				t.Errorf("%s: %v of %d bytes", line, got, n)
			}
		}
	}
	for _, text := range []string{
		"", "hello, this is no time at all", "2026-11-27T07:00:60Z x", "2026-13-27T07:00:00Z x", "2026-02-30T07:00:00Z x", "2026-11-27T07:00:00 x",
		"2026-11-27T07:00:00.Z x", "2026-11-27T07:00:00.1234567890Z x", "2026-11-27T07:00:00Zx", "2026-11-27 07:00:00Z x", "2026-11-27T07:00:00+1:00 x",
	} {
		if got, n := stamps.Parse(text); n != 0 {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, frame := range frames()[:3] {
		f.Add(wire.Append(nil, frame, true))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := wire.NewReader(bytes.NewReader(b))
		for {
			frame, err := r.Next()
			if err != nil {
				return
			}
			_, _ = wire.ParseSource(frame.Data)
			again, err := wire.NewReader(bytes.NewReader(wire.Append(nil, frame, true))).Next()
			if err != nil || again.Kind != frame.Kind || again.File != frame.File || !bytes.Equal(again.Data, frame.Data) {
				t.Fatalf("written again it is %v, %v", again, err)
			}
		}
	})
}

func FuzzStamps(f *testing.F) {
	f.Add("2026-11-27T07:00:00.123456789Z ")
	f.Add("2026-11-27T07:00:00.1+02:00 x")
	var stamps wire.Stamps
	f.Fuzz(func(t *testing.T, line string) {
		got, n := stamps.Parse(line)
		if n == 0 {
			return
		}
		want, err := time.Parse(time.RFC3339Nano, line[:n])
		if err != nil || want.Unix() != got.Seconds || want.Nanosecond() != int(got.Nanos) {
			t.Errorf("%q is read as %v; want %v, %v", line, got, want, err)
		}
	})
}
