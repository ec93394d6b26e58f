package queues

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// format is what the bytes of a key or value hold, as far as they say.
type format struct {
	name   string
	json   bool
	binary bool
	notes  []string // what else they say
}

// deepest is how far JSON may be nested to be indented: deeper, the blanks
// would be more than the text.
const deepest = 100

// recognise tells what bytes hold. Formats without a mark of their own are
// guessed, and said to be.
func recognise(v []byte) format {
	switch {
	case v == nil:
		return format{name: "none"}
	case len(v) == 0:
		return format{name: "empty"}
	}
	if f, ok := marked(v); ok {
		return f
	}
	if readable(v) {
		if first := bytes.TrimLeft(v, " \t\r\n"); len(first) > 0 && (first[0] == '{' || first[0] == '[') && !tooDeep(v) && json.Valid(v) {
			return format{name: "JSON", json: true}
		}
		return format{name: "text"}
	}
	if fields, ok := protobuf(v); ok {
		return format{name: "Protobuf, as it seems", binary: true, notes: fields}
	}
	return format{name: "binary", binary: true}
}

// marked recognises what begins with a mark.
func marked(v []byte) (format, bool) {
	for _, m := range []struct{ mark, name string }{
		{"Obj\x01", "Avro with its schema"},   // object container file
		{"\xc3\x01", "Avro, a single object"}, // single-object encoding
		{"\x1f\x8b", "gzip"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"\x89PNG", "PNG"}, {"\xff\xd8\xff", "JPEG"},
	} {
		if bytes.HasPrefix(v, []byte(m.mark)) {
			return format{name: m.name, binary: true}, true
		}
	}
	return confluent(v)
}

// confluent recognises the wire format of Confluent's schema registry: a zero
// byte, the number of the schema, then the message
// (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format).
// Whether that is Avro, Protobuf or JSON only the schema says; JSON shows, and
// Protobuf begins with the place of its message in the schema.
func confluent(v []byte) (format, bool) {
	if len(v) < 6 || v[0] != 0 {
		return format{}, false
	}
	schema := fmt.Sprintf("schema %d of a registry", binary.BigEndian.Uint32(v[1:]))
	rest := v[5:]
	if readable(rest) && json.Valid(rest) {
		return format{name: "JSON, " + schema, binary: true, notes: []string{string(rest[:min(len(rest), 4096)])}}, true
	}
	if rest[0] == 0 && len(rest) > 1 {
		if fields, ok := protobuf(rest[1:]); ok {
			return format{name: "Protobuf, " + schema, binary: true, notes: fields}, true
		}
	}
	return format{name: "Avro, " + schema, binary: true}, true
}

// readable reports whether bytes are text: valid, and hardly any control
// characters in it.
func readable(v []byte) bool {
	odd := 0
	for i := 0; i < len(v); {
		r, n := utf8.DecodeRune(v[i:])
		if r == utf8.RuneError && n <= 1 {
			if i+utf8.UTFMax > len(v) && len(v) >= mostBytes { // cut within a character
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
		if readable(content) {
			return fmt.Sprintf("%q", content[:min(len(content), inline)]), n + len(content)
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
