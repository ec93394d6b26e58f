package logs

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	store "github.com/diorama-dev/diorama/internal/logs"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, in, want string
		level          store.Level
	}{
		{"plain", "ready to accept connections", "ready to accept connections", 0},
		{"structured", `{"time":"x","level":"warn","msg":"slow","ms":812,"trace":"9f"}`, "slow  ms=812 trace=9f", store.LevelWarn},
		{"the first message counts", `{"message":"a","msg":"b"}`, "a  msg=b", 0},
		{"the service is not said twice", `{"msg":"a","service":"gateway","n":1}`, "a  n=1", 0},
		{"another service is said", `{"msg":"a","service":"billing"}`, "a  service=billing", 0},
		{"nested values stay JSON", `{"msg":"a","user":{"id":1},"tags":["x","y"]}`, `a  user={"id":1} tags=["x","y"]`, 0},
		{"no message", `{"level":"error","code":7}`, "code=7", store.LevelError},
		{"an unknown level is a field", `{"level":"purple","msg":"a"}`, "a  level=purple", 0},
		{"only a time is shown as written", `{"ts":1}`, `{"ts":1}`, 0},
		{"broken JSON is text", `{"msg":"a"`, `{"msg":"a"`, 0},
		{"two objects are text", `{"msg":"a"} {"msg":"b"}`, `{"msg":"a"} {"msg":"b"}`, 0},
		{"an array is text", `["a"]`, `["a"]`, 0},
		{"escapes in JSON are harmless", `{"msg":"a\u001b[2Jb","k\u0007":"\u202e"}`, "ab  k␇=", 0},
		{"null and numbers", `{"msg":null,"n":-1.5e3,"b":true}`, "null  n=-1.5e3 b=true", 0},
		{"a carriage return at the end", "done\r", "done", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := parse(store.Line{Service: "gateway", Message: tt.in})
			got, _ := e.text()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if e.Level != tt.level {
				t.Errorf("level %v, want %v", e.Level, tt.level)
			}
		})
	}
}

func TestTheStoresLevelCounts(t *testing.T) {
	e := parse(store.Line{Level: store.LevelFatal, Message: `{"level":"info","msg":"a"}`})
	if e.Level != store.LevelFatal {
		t.Errorf("level %v", e.Level)
	}
}

// TestDetailsOfDeepLines checks that what lies deeper than the store has keys
// for is one value: to look into each of its objects takes far too long.
func TestDetailsOfDeepLines(t *testing.T) {
	const deep = 2600
	e := parse(store.Line{Message: `{"msg":"x","n":` + strings.Repeat(`{"a":`, deep) + "7" + strings.Repeat("}", deep) + "}"})
	var found []Detail
	for _, d := range e.Details(time.UTC) {
		if d.Filter.Key != "" && d.Filter.Value != "" {
			found = append(found, d)
		}
	}
	if len(found) != 1 || len(found[0].Filter.Key) > 64 || !strings.HasPrefix(found[0].Filter.Value, `{"a":`) {
		t.Fatalf("%d fields: %.200v", len(found), found)
	}
	q := store.Query{Fields: []store.FieldFilter{found[0].Filter}}
	if !q.Matches(e.line) {
		t.Error("the store does not find the line by its field")
	}
}

func TestLongLinesAreCut(t *testing.T) {
	e := parse(store.Line{Message: strings.Repeat("支", 1<<20)})
	if len(e.Raw) > longest+8 || !strings.HasSuffix(e.Raw, "支…") {
		t.Errorf("%d bytes, ending in %q", len(e.Raw), e.Raw[len(e.Raw)-8:])
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"msg":"a","n":{"x":[1,2]}}`, "gateway")
	f.Add("\x1b]0;x\x07\xff", "支付")
	f.Add(`{"a":"\ud800","msg":"\u0000"}`, "")
	f.Fuzz(func(t *testing.T, message, service string) {
		e := parse(store.Line{Message: message, Service: service})
		text, cut := e.text()
		if cut > len(text) {
			t.Fatalf("the message is %d bytes of %d", cut, len(text))
		}
		for _, d := range append(e.Details(time.UTC), Detail{Lines: append(e.More, text, e.Trace)}) {
			for _, r := range d.Name + strings.Join(d.Lines, "") {
				if unicode.IsControl(r) {
					t.Fatalf("%v holds %U", d, r)
				}
			}
		}
	})
}
