package tui

import (
	"reflect"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/env"
)

// poison puts text that is not safe into every text of a value.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("a\x1b[2Jb\u202e")
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		poison(v.Index(0))
	}
}

// unsafe names the texts of a value that are not safe. Words that are compared
// and never drawn as they came may be.
func unsafe(path string, v reflect.Value) []string {
	var out []string
	switch v.Kind() {
	case reflect.String:
		compared := strings.HasSuffix(path, ".Phase") || path == ".Reason" || strings.HasSuffix(path, ".Step.Kind")
		if strings.ContainsRune(v.String(), 0x1b) && !compared {
			out = append(out, path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			out = append(out, unsafe(path+"."+v.Type().Field(i).Name, v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, unsafe(path+"[]", v.Index(i))...)
		}
	}
	return out
}

// TestEveryTextIsMadeHarmless finds texts that a new field of a snapshot
// brings and that nobody has thought of.
func TestEveryTextIsMadeHarmless(t *testing.T) {
	var s env.Snapshot
	poison(reflect.ValueOf(&s).Elem())
	if got := unsafe("", reflect.ValueOf(s)); len(got) < 20 {
		t.Fatalf("only %v were poisoned", got)
	}
	if got := unsafe("", reflect.ValueOf(harmless(s))); len(got) > 0 {
		t.Errorf("not made harmless: %v", got)
	}
}
