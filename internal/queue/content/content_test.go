package content

import (
	"strings"
	"testing"
)

func TestRecognise(t *testing.T) {
	tests := []struct{ in, want string }{
		{`{"a":1}`, "JSON"},
		{" [1, 2]\n", "JSON"},
		{`"a string"`, "text"},
		{`{"a":`, "text"},
		{strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "text"}, // its indentation would fill the memory
		{`{"a":"` + strings.Repeat("[", 5000) + `"}`, "JSON"},
		{"plain", "text"},
		{"连接", "text"},
		{"\x1b[31mred", "text"},
		{"", "empty"},
		{"\xde\xad\xbe\xef", "binary"},
		{"\x00\x00\x00\x00\x07\x0corder1\xff", "Avro, schema 7 of a registry"},
		{"\x00\x00\x00\x00\x07{\"a\":1}", "JSON, schema 7 of a registry"},
		{"\x00\x00\x00\x00\x0c\x00\x08\x96\x01", "Protobuf, schema 12 of a registry"},
		{"\x08\x96\x01\x12\x02\xff\xfe", "Protobuf, as it seems"},
		{"Obj\x01\x04\x14avro.codec", "Avro with its schema"},
		{"\xc3\x01\x01\x02\x03\x04\x05\x06\x07\x08", "Avro, a single object"},
		{"\x1f\x8b\x08\x00", "gzip"},
	}
	for _, tt := range tests {
		if got := Recognise([]byte(tt.in), false).Name; got != tt.want {
			t.Errorf("%.40q is %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := Recognise(nil, false).Name; got != "none" {
		t.Errorf("nothing is %q", got)
	}
}

// A character that is cut at the end of what is there makes no text binary.
func TestCutWithinACharacter(t *testing.T) {
	cut := []byte("连接")[:4]
	if got := Recognise(cut, true).Name; got != "text" {
		t.Errorf("where more follows it is %q, want text", got)
	}
	if got := Recognise(cut, false).Name; got != "binary" {
		t.Errorf("where nothing follows it is %q, want binary", got)
	}
}

func FuzzRecognise(f *testing.F) {
	for _, seed := range []string{`{"a":[1]}`, "\x00\x00\x00\x00\x07\x00\x08\x96\x01", "\x08\x96\x01\x12\x02\xff\xfe", "Obj\x01", ""} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, v []byte, cut bool) {
		if got := Recognise(v, cut); got.Name == "" || got.JSON && got.Binary || len(got.Notes) > 64 {
			t.Errorf("%q is %+v", v, got)
		}
	})
}
