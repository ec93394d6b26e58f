// Package content owns telling what the bytes of a message hold: formats that
// have a mark, text, JSON, and what can only be guessed.
package content

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Format is what the bytes of a key or value hold, as far as they say.
type Format struct {
	Name   string
	JSON   bool
	Binary bool
	Notes  []string // what else they say; they may hold control characters
}

// mostQuoted is how many bytes of a field's text are quoted.
const mostQuoted = 300

// deepest is how far JSON may be nested to be indented: deeper, the blanks
// would be more than the text.
const deepest = 100

// Recognise tells what bytes hold, of which cut says that more followed. Formats
// without a mark of their own are guessed, and said to be.
func Recognise(v []byte, cut bool) Format {
	switch {
	case v == nil:
		return Format{Name: "none"}
	case len(v) == 0:
		return Format{Name: "empty"}
	}
	if f, ok := marked(v); ok {
		return f
	}
	if readable(v, cut) {
		if first := bytes.TrimLeft(v, " \t\r\n"); len(first) > 0 && (first[0] == '{' || first[0] == '[') && !tooDeep(v) && json.Valid(v) {
			return Format{Name: "JSON", JSON: true}
		}
		return Format{Name: "text"}
	}
	if fields, ok := protobuf(v); ok {
		return Format{Name: "Protobuf, as it seems", Binary: true, Notes: fields}
	}
	return Format{Name: "binary", Binary: true}
}

// marked recognises what begins with a mark.
func marked(v []byte) (Format, bool) {
	for _, m := range []struct{ mark, name string }{
		{"Obj\x01", "Avro with its schema"},   // object container file
		{"\xc3\x01", "Avro, a single object"}, // single-object encoding
		{"\x1f\x8b", "gzip"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"\x89PNG", "PNG"}, {"\xff\xd8\xff", "JPEG"},
	} {
		if bytes.HasPrefix(v, []byte(m.mark)) {
			return Format{Name: m.name, Binary: true}, true
		}
	}
	return confluent(v)
}

// confluent recognises the wire format of Confluent's schema registry: a zero
// byte, the number of the schema, then the message
// (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format).
// Whether that is Avro, Protobuf or JSON only the schema says; JSON shows, and
// Protobuf begins with the place of its message in the schema.
func confluent(v []byte) (Format, bool) {
	if len(v) < 6 || v[0] != 0 {
		return Format{}, false
	}
	schema := fmt.Sprintf("schema %d of a registry", binary.BigEndian.Uint32(v[1:]))
	rest := v[5:]
	if readable(rest, false) && json.Valid(rest) {
		return Format{Name: "JSON, " + schema, Binary: true, Notes: []string{string(rest[:min(len(rest), 4096)])}}, true
	}
	if rest[0] == 0 && len(rest) > 1 {
		if fields, ok := protobuf(rest[1:]); ok {
			return Format{Name: "Protobuf, " + schema, Binary: true, Notes: fields}, true
		}
	}
	return Format{Name: "Avro, " + schema, Binary: true}, true
}

// readable reports whether bytes are text: valid, and hardly any control
// characters in it.
func readable(v []byte, cut bool) bool {
	odd := 0
	for i := 0; i < len(v); {
		r, n := utf8.DecodeRune(v[i:])
		if r == utf8.RuneError && n <= 1 {
			if cut && i+utf8.UTFMax > len(v) { // cut within a character
				return true
			}
			return false
		}
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r != 0x1b {
			odd++
		}
		i += n
	}
	return odd*20 <= len(v)
}

// tooDeep reports whether JSON is nested too far to be indented.
func tooDeep(v []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > deepest {
				return true
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return false
}

// protobuf reads bytes as fields of Protobuf's wire format
// (https://protobuf.dev/programming-guides/encoding/); it reports false where
// they are not. The names of the fields only the schema knows.
func protobuf(v []byte) ([]string, bool) {
	const most = 64
	var out []string
	for len(v) > 0 {
		tag, n := binary.Uvarint(v)
		if n <= 0 || tag>>3 == 0 || tag>>3 >= 1<<29 {
			return nil, false
		}
		v = v[n:]
		text, used := protoField(tag&7, v)
		if used < 0 {
			return nil, false
		}
		v = v[used:]
		if len(out) < most {
			out = append(out, fmt.Sprintf("field %d: %s", tag>>3, text))
		}
	}
	return out, len(out) > 0
}

// protoField reads a field of a wire type; a negative length: it is none.
func protoField(wire uint64, v []byte) (text string, used int) {
	switch wire {
	case 0:
		x, n := binary.Uvarint(v)
		if n <= 0 {
			return "", -1
		}
		return fmt.Sprint(x), n
	case 1:
		if len(v) < 8 {
			return "", -1
		}
		return fmt.Sprintf("%#x (64 bits)", binary.LittleEndian.Uint64(v)), 8
	case 2:
		size, n := binary.Uvarint(v)
		if n <= 0 || size > uint64(len(v)-n) {
			return "", -1
		}
		content := v[n : n+int(size)] //nolint:gosec // at most the bytes there are
		if readable(content, false) {
			return fmt.Sprintf("%q", content[:min(len(content), mostQuoted)]), n + len(content)
		}
		return fmt.Sprintf("%d bytes", len(content)), n + len(content)
	case 5:
		if len(v) < 4 {
			return "", -1
		}
		return fmt.Sprintf("%#x (32 bits)", binary.LittleEndian.Uint32(v)), 4
	}
	return "", -1
}
