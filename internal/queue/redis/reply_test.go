package redis

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/queue"
)

func TestEntryMessage(t *testing.T) {
	header := func(pairs ...string) []queue.Header {
		var list []queue.Header
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, queue.Header{Name: pairs[i], Value: []byte(pairs[i+1])})
		}
		return list
	}
	for _, c := range []struct {
		fields     []queue.Header
		key, value string
	}{
		{header("value", "v"), "", "v"},
		{header("key", "k", "value", "v"), "k", "v"},
		{header("data", "v"), "", "v"},
		{header("key", "v"), "", "v"},
		{header("key", "k", "data", "v"), "k", `{"data":"v"}`},
		{header("b", "1", "a", "2", "b", "3"), "", `{"b":"1","a":"2","b":"3"}`},
		{header("x", "\xff", "y", "\x1b\""), "", `{"x":{"base64":"/w=="},"y":"\u001b\""}`},
		{nil, "", ""},
	} {
		m := entry{id: "1700000000000-0", fields: c.fields}.message(0)
		if string(m.Key) != c.key || string(m.Value) != c.value || len(m.Headers) != len(c.fields) || m.Time.IsZero() {
			t.Errorf("%v: key %q, value %q", c.fields, m.Key, m.Value)
		}
	}
	m := entry{id: "5-0", fields: header("value", "long")}.message(2)
	if string(m.Value) != "lo" || m.ValueBytes != 4 || string(m.Headers[0].Value) != "lo" || !m.Time.IsZero() {
		t.Errorf("%+v", m)
	}
}

func TestInfo(t *testing.T) {
	i := parseInfo("# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.1.1\r\n\r\nused_memory:96\r\nmaxmemory:100\r\nmaxmemory_policy:noeviction\r\n" +
		"loading:0\r\naof_enabled:1\r\naof_last_write_status:err\r\naof_last_bgrewrite_status:ok\r\nrdb_last_bgsave_status:err\r\nnonsense\r\n")
	if i.version() != "8.1.1" {
		t.Error(i.version())
	}
	want := []string{
		"memory: 0.0 MiB used of maxmemory 0.0 MiB with the policy noeviction: writes are refused soon",
		"the append-only file cannot be written, so writes are refused: is the disk full?",
		"the last save to disk failed; writes are refused where stop-writes-on-bgsave-error is on",
	}
	if diff := cmp.Diff(want, i.alarms()); diff != "" {
		t.Error(diff)
	}
	if got := parseInfo("used_memory:96\nmaxmemory:100\nmaxmemory_policy:allkeys-lru\n").alarms(); len(got) != 0 {
		t.Errorf("it makes room by itself: %q", got)
	}
}

func TestCompareIDs(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"9-0", "10-0", -1}, {"10-2", "10-10", -1}, {"10-2", "10-2", 0}, {"10", "10-0", 0}, {"18446744073709551615-1", "1-1", 1}, {"x", "0-0", 0},
	} {
		if got := compareIDs(c.a, c.b); got != c.want {
			t.Errorf("%s, %s: %d", c.a, c.b, got)
		}
	}
}

func TestLag(t *testing.T) {
	for _, c := range []struct {
		length        int64
		last, got     string
		lag           any
		want          queue.Count
		withoutLength bool
	}{
		{3, "3-0", "1-0", int64(2), known(2), false},
		{3, "3-0", "2-0", int64(3), queue.Count{}, false}, // as an imitation says
		{3, "3-0", "1-0", nil, queue.Count{}, false},
		{3, "3-0", "3-0", nil, known(0), false},
		{0, "3-0", "1-0", nil, known(0), false},
		{3, "3-0", "1-0", int64(-1), known(0), false},
		{3, "3-0", "0-0", int64(3), known(3), false},
		{0, "", "", nil, queue.Count{}, true},
	} {
		s := stream{about: fields{"length": c.length, "last-generated-id": c.last, "first-entry": []any{"1-0"}}}
		if c.withoutLength {
			s = stream{}
		}
		if got := s.lag(fields{"last-delivered-id": c.got, "lag": c.lag}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func FuzzInfo(f *testing.F) {
	f.Add("redis_version:8.0.2\r\nused_memory:1\nmaxmemory:1\nmaxmemory_policy:noeviction\r\n# x:y\n::\n")
	f.Fuzz(func(_ *testing.T, text string) {
		i := parseInfo(text)
		i.alarms()
		i.version()
	})
}

// FuzzReplies makes replies of any shape out of JSON, and reads them.
func FuzzReplies(f *testing.F) {
	f.Add([]byte(`["length",2,"last-generated-id","2-0","entries-added",3,"first-entry",["1-0",["a","b"]],"last-entry",null]`),
		[]byte(`[["name","g","pending",1,"last-delivered-id","1-0","lag",null,"entries-read",2],{"name":"h"}]`), []byte(`[["1-0",["key","k","value","v"]],["x"],7]`))
	f.Add([]byte(`{"length":"x"}`), []byte(`[7,[],["name"]]`), []byte(`[["1-0",null],["1-0",["a"]]]`))
	f.Fuzz(func(t *testing.T, about, groups, entries []byte) {
		s := stream{about: fieldsOf(reply(about)), groups: fieldLists(reply(groups))}
		s.about.entryBytes()
		s.about.entryID("first-entry")
		r := &reading{names: []string{"s"}, streams: map[string]stream{"s": s}}
		d := &details{consumers: map[streamGroup][]fields{{"s", ""}: s.groups}}
		for _, g := range d.groups(r) {
			if len(g.Offsets) == 0 {
				t.Errorf("group %q reads nothing", g.Name)
			}
		}
		k := newKeys()
		k.known["s"] = &key{kind: queue.KindStream}
		r.queues(k)
		for _, e := range entriesOf(reply(entries)) {
			m := e.message(10)
			if len(m.Value) > 10 || m.ValueBytes < len(m.Value) {
				t.Errorf("%+v", m)
			}
			if value := e.message(0).Value; len(e.fields) > 2 && !json.Valid(value) && utf8.Valid(value) {
				t.Errorf("%q is no JSON", value)
			}
		}
	})
}

// reply is JSON as the client would give it: whole numbers are int64.
func reply(content []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	return asReply(value)
}

func asReply(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = asReply(v[i])
		}
	case map[string]any:
		all := make(map[any]any, len(v))
		for name, item := range v {
			all[name] = asReply(item)
		}
		return all
	}
	return value
}

func FuzzAddress(f *testing.F) {
	for _, text := range []string{"orders", "channel:news", "key:channel:x", "key:key:", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, channel := range []bool{false, true} {
			a := address{name: text, channel: channel}
			if got := parseAddress(a.String()); got != a {
				t.Errorf("%+v is written %q, which is %+v", a, a.String(), got)
			}
		}
		if got := parseAddress(text).String(); parseAddress(got) != parseAddress(text) {
			t.Errorf("%q is %q", text, got)
		}
	})
}

// A page never asks for much more than it may.
func TestPages(t *testing.T) {
	p := newPage()
	for range 10 {
		n := p.size(10_000)
		p.learn(n, n<<20)
	}
	if p.next != 7 {
		t.Errorf("of 1 MB each: %d", p.next)
	}
	for range 10 {
		p.learn(p.next, p.next)
	}
	if p.next != pageMost || p.size(3) != 3 {
		t.Errorf("of a byte each: %d", p.next)
	}
	p.hadElements(nil)
	if p.next != pageMost {
		t.Errorf("after none: %d", p.next)
	}
}
