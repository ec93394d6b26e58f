package story

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
)

// Trace is a place in a trace, as of W3C Trace Context, version 00: what the
// header "traceparent" carries. The zero value is no trace.
type Trace struct {
	ID   [16]byte // of the whole trace
	Span [8]byte  // of the caller's part of it
}

// traceparentLength is that of 00-<32 hex>-<16 hex>-<2 hex>.
const traceparentLength = 55

// NewTrace starts a trace.
func NewTrace() Trace {
	var t Trace
	_, _ = rand.Read(t.ID[:]) // never fails, as of its documentation
	return t.Child()
}

// Child is a part of the same trace with a span of its own.
func (t Trace) Child() Trace {
	_, _ = rand.Read(t.Span[:])
	return t
}

// Valid reports whether both parts are there.
func (t Trace) Valid() bool { return t.ID != [16]byte{} && t.Span != [8]byte{} }

// String is the header's value.
func (t Trace) String() string {
	return "00-" + hex.EncodeToString(t.ID[:]) + "-" + hex.EncodeToString(t.Span[:]) + "-01"
}

// Attr is the log attribute that all lines of one trace share.
func (t Trace) Attr() slog.Attr { return slog.String("trace", hex.EncodeToString(t.ID[:])) }

// MarshalText returns the header's value, and nothing for no trace.
func (t Trace) MarshalText() ([]byte, error) {
	if !t.Valid() {
		return []byte{}, nil
	}
	return []byte(t.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (t *Trace) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*t = Trace{}
		return nil
	}
	var err error
	*t, err = ParseTraceparent(string(b))
	return err
}

// ParseTraceparent reads the header's value. Later versions of the standard
// only append to version 00, so their first part is read alike.
func ParseTraceparent(s string) (Trace, error) {
	var t Trace
	if len(s) < traceparentLength || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return t, fmt.Errorf("%s %.60q: expected 00-<32 hex digits>-<16 hex digits>-<2 hex digits>", TraceHeader, s)
	}
	if s[:2] == "ff" || s[:2] == "00" && len(s) != traceparentLength || len(s) > traceparentLength && s[55] != '-' {
		return t, fmt.Errorf("%s %.60q: its version or length is not valid", TraceHeader, s)
	}
	var small [1]byte
	err := errors.Join(
		lowerHex(small[:], s[:2]), lowerHex(t.ID[:], s[3:35]),
		lowerHex(t.Span[:], s[36:52]), lowerHex(small[:], s[53:55]))
	if err != nil {
		return Trace{}, fmt.Errorf("%s %.60q: %w", TraceHeader, s, err)
	}
	if !t.Valid() {
		return Trace{}, fmt.Errorf("%s %.60q: all-zero identifiers are not valid", TraceHeader, s)
	}
	return t, nil
}

// lowerHex decodes hex digits; the standard allows lower case only.
func lowerHex(dst []byte, s string) error {
	for _, r := range s {
		if r >= 'A' && r <= 'F' {
			return errors.New("upper-case hex digits are not valid")
		}
	}
	_, err := hex.Decode(dst, []byte(s))
	return err
}

// NewID makes an identifier that no other event has.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
