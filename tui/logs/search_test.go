package logs

import (
	"strings"
	"testing"

	store "github.com/diorama-dev/diorama/internal/logs"
)

func TestSearch(t *testing.T) {
	const slow = `{"msg":"inference completed","model":"resnet50","latency_ms":812}`
	const fmt = `level=warn msg="charge failed" code=7 by="a b"`
	tests := []struct {
		typed, line string
		want        bool
	}{
		{"", slow, true},
		{"INFERENCE", slow, true},
		{"inference completed", slow, true},
		{"completed inference", slow, false},
		{"/resnet[0-9]+/", slow, true},
		{"/RESNET/", slow, false},
		{"/(?i)RESNET/", slow, true},
		{"re:comp.*ms", slow, true},
		{"re:", slow, true},
		{"//", "a // b", true},
		{"/var/log", "open /var/log/x", true},
		{"model=resnet50", slow, true},
		{"model=resnet", slow, false},
		{"model!=resnet50", slow, false},
		{"model!=bert", slow, true},
		{"other!=x", slow, true},
		{"latency_ms>500", slow, true},
		{"latency_ms>=812 latency_ms<=812", slow, true},
		{"latency_ms<500", slow, false},
		{"latency_ms>500 model=resnet50 inference", slow, true},
		{"latency_ms>500 model=bert", slow, false},
		{"missing>1", slow, false},
		{"model>1", slow, false},
		{"code=7 charge", fmt, true},
		{`by="a b"`, fmt, true},
		{`"code=7"`, fmt, true},
		{`"code=8"`, fmt, false},
		{"a => b", "a => b", true},
		{"=x", "y=x", true},
		{"1=1", "1=1", true},
		{"支付", "paid 支付完成", true},
		{"订单=A-17", `{"msg":"paid","订单":"A-17"}`, true},
		{"service=gateway", "anything", true},
		{"service=billing", "anything", false},
	}
	for _, tt := range tests {
		t.Run(tt.typed, func(t *testing.T) {
			s, err := parseSearch(tt.typed)
			if err != nil {
				t.Fatal(err)
			}
			q := filter{search: s}.query(true)
			if got := q.Matches(store.Line{Service: "gateway", Message: tt.line}); got != tt.want {
				t.Errorf("%q finds %q: %v", tt.typed, tt.line, got)
			}
		})
	}
}

func TestSearchSaysWhatIsWrong(t *testing.T) {
	for typed, want := range map[string]string{
		"/(/":       "missing closing )",
		"re:a[":     "missing closing ]",
		"level=":    "a value is missing after level=",
		"a b!=":     "a value is missing after b!=",
		"ms>fast":   "fast is no number to compare ms with",
		"ms<=":      "a value is missing after ms<=",
		`level=""`:  "a value is missing after level=",
		"re:\x1b[(": "missing closing ]",
	} {
		if _, err := parseSearch(typed); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", typed, err, want)
		}
	}
}

// TestFiltersAddUp checks that a filter of each kind holds beside the others,
// whatever the query before it uses up.
func TestFiltersAddUp(t *testing.T) {
	typed, err := parseSearch("/ch.rge/")
	if err != nil {
		t.Fatal(err)
	}
	words, err := parseSearch("failed code>3")
	if err != nil {
		t.Fatal(err)
	}
	line := store.Line{Service: "billing", Level: store.LevelError, Message: `{"msg":"charge failed","code":7,"trace":"9f2c"}`}
	base := typed.added(store.Query{Text: "charge", Services: []string{"billing"}})
	f := filter{base: base, trace: "9F2C", search: words, levels: store.Levels(store.LevelError), fields: []store.FieldFilter{{Key: "code", Value: "7"}}}
	if !f.query(true).Matches(line) {
		t.Error("the line that fulfils all of it does not pass")
	}
	twice := filter{base: base, search: typed}
	if !twice.query(true).Matches(line) {
		t.Error("an expression beside another does not pass")
	}
	for _, other := range []store.Line{
		{Service: "gateway", Level: line.Level, Message: line.Message},
		{Service: "billing", Level: store.LevelWarn, Message: line.Message},
		{Service: "billing", Level: line.Level, Message: strings.Replace(line.Message, "9f2c", "9f2d", 1)},
		{Service: "billing", Level: line.Level, Message: strings.Replace(line.Message, "failed", "made", 1)},
		{Service: "billing", Level: line.Level, Message: strings.Replace(line.Message, "charge", "charhe", 1)},
		{Service: "billing", Level: line.Level, Message: strings.Replace(line.Message, ":7", ":2", 1)},
	} {
		if f.query(true).Matches(other) {
			t.Errorf("%+v passes", other)
		}
	}
}

// TestServicesAreThoseOfTheQueryToo checks that a service that is picked shows
// none of its lines that the query before it does not want.
func TestServicesAreThoseOfTheQueryToo(t *testing.T) {
	base := store.Query{Services: []string{"gateway"}}
	for picked, want := range map[string]bool{"": true, "gateway": true, "billing": false} {
		f := filter{base: base}
		if picked != "" {
			f.services = []string{picked}
		}
		for _, service := range []string{"gateway", "billing"} {
			if got := f.query(true).Matches(store.Line{Service: service}); got != (want && service == "gateway") {
				t.Errorf("with %q picked, a line of %s passes: %v", picked, service, got)
			}
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"/a/", "re:(", `a="b c" d>1`, `"`, "=", "!=", "a!", "支>1", "\xff=\xff"} {
		f.Add(s, `{"a":"b c","d":2}`)
	}
	f.Fuzz(func(_ *testing.T, typed, line string) {
		if s, err := parseSearch(typed); err == nil {
			filter{search: s, trace: "x"}.query(true).Matches(store.Line{Message: line})
		}
	})
}
