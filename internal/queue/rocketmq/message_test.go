package rocketmq

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/queue"
)

func TestPeek(t *testing.T) {
	source := imitate(t, asRecorded(t)).open(t)
	for _, c := range []struct {
		r    queue.PeekRequest
		want string
	}{
		{queue.PeekRequest{From: queue.FromOldest, Limit: 2}, "0 1"},
		{queue.PeekRequest{From: queue.FromNewest, Limit: 2}, "4 5"},
		{queue.PeekRequest{From: queue.FromOffset, Offset: 3, Limit: 9}, "3 4 5"},
		{queue.PeekRequest{From: queue.FromOffset, Offset: 99, Limit: 9}, ""},
	} {
		c.r.Queue, c.r.Partition, c.r.MostBytes = "orders", queue.Known[int64](3), 3
		var got []string
		err := source.Peek(t.Context(), c.r, func(m queue.Message) error {
			first := m.Position == "0" // it has no key
			if first && (string(m.Value) != "hi" || m.Key != nil) || !first && (string(m.Value) != "hel" || m.ValueBytes < 7 || m.Key == nil) || m.Time.IsZero() {
				t.Errorf("%+v", m)
			}
			got = append(got, m.Position)
			return nil
		})
		if text := strings.Join(got, " "); err != nil || text != c.want {
			t.Errorf("%+v: %q and not %q, %v", c.r, text, c.want, err)
		}
	}
	enough := errors.New("enough")
	err := source.Peek(t.Context(), queue.PeekRequest{Queue: "orders", From: queue.FromOldest, Limit: 100}, func(queue.Message) error { return enough })
	if !errors.Is(err, enough) {
		t.Errorf("its end is %v", err)
	}
	if err := source.Peek(t.Context(), queue.PeekRequest{Queue: "orders", Partition: queue.Known[int64](9)}, nil); err == nil {
		t.Error("queue 9 is there")
	}
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		sizes []int64
		limit int64
		want  string
	}{
		{[]int64{5, 5, 5}, 6, "[2 2 2]"},
		{[]int64{1, 100, 5}, 20, "[1 14 5]"},
		{[]int64{0, 0}, 20, "[0 0]"},
		{[]int64{9, 9}, 1, "[1 0]"},
		{[]int64{9, 9}, 0, "[0 0]"},
	} {
		parts := make([]stretch, len(c.sizes))
		for i, size := range c.sizes {
			parts[i] = stretch{from: 100, to: 100 + size}
		}
		share(parts, c.limit)
		var got []int64
		for _, p := range parts {
			got = append(got, p.wanted)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%d of %v: %v and not %s", c.limit, c.sizes, got, c.want)
		}
	}
}

func TestRefusedReset(t *testing.T) {
	source := imitate(t, asRecorded(t)).open(t)
	plan, err := source.PlanReset(t.Context(), queue.ResetRequest{Group: "billing", Queue: "orders", To: queue.ResetStart})
	if err != nil || plan.Refused != "1 member is active; stop it first" || len(plan.Changes) != 4 ||
		plan.Changes[3] != (queue.ResetChange{Partition: 3, From: queue.Known[int64](2), To: 0, LagBefore: queue.Known[int64](4), LagAfter: queue.Known[int64](6)}) {
		t.Errorf("%+v, %v", plan, err)
	}
	plan.Refused = ""
	if err := source.Reset(t.Context(), plan); err == nil || !strings.HasPrefix(err.Error(), "nothing was changed: 1 member") {
		t.Errorf("carried out: %v", err)
	}
}

// pack makes a stored message.
func pack(flags int32, body []byte, properties string) []byte {
	const magic = 0x100000000 + magicV1
	b := binary.BigEndian.AppendUint32(nil, uint32(magic))
	b = append(b, make([]byte, 4)...)
	b = binary.BigEndian.AppendUint32(b, 2) // queue
	b = append(b, make([]byte, 4)...)
	b = binary.BigEndian.AppendUint64(b, 7) // offset
	b = append(b, make([]byte, 8)...)
	b = binary.BigEndian.AppendUint32(b, uint32(flags))
	b = append(b, make([]byte, 8+host(flags, bornAtIPv6))...)
	b = binary.BigEndian.AppendUint64(b, 1795747777336)
	b = append(b, make([]byte, host(flags, storedAtIPv6))...)
	b = binary.BigEndian.AppendUint32(b, 1) // delivered
	b = append(b, make([]byte, 8)...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	b = append(b, body...)
	b = append(b, 1, 't')
	b = binary.BigEndian.AppendUint16(b, uint16(len(properties)))
	b = append(b, properties...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b)+4)), b...)
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func TestMessage(t *testing.T) {
	text := bytes.Repeat([]byte("abc"), 1000)
	for _, c := range []struct {
		name  string
		data  []byte
		value string
		bytes int
	}{
		{"plain", pack(0, text, ""), "abca", 3000},
		{"zlib", pack(isCompressed, zipped(text), ""), "abca", 3000},
		{"zlib by name, IPv6", pack(isCompressed|compressedZlib<<8|bornAtIPv6|storedAtIPv6, zipped(text), ""), "abca", 3000},
		{"lz4", pack(isCompressed|compressedLZ4<<8, []byte("12345"), ""), "1234", 5},
		{"flagged as zlib, and none", pack(isCompressed, []byte("no zlib"), ""), "no z", 7},
		{"flagged as what is not known", pack(isCompressed|7<<8, []byte("no zlib"), ""), "no z", 7},
		{"none", pack(0, nil, ""), "", 0},
	} {
		m, rest, err := nextMessage(append(c.data, 9), 4)
		if err != nil || len(rest) != 1 {
			t.Errorf("%s: %v, rest %v", c.name, err, rest)
			continue
		}
		shown := m.message(4)
		if string(shown.Value) != c.value || shown.ValueBytes != c.bytes || shown.Partition != 2 || shown.Position != "7" || !shown.Redelivered || shown.Time.UnixMilli() != 1795747777336 {
			t.Errorf("%s: %+v", c.name, shown)
		}
	}
	if _, _, err := nextMessage([]byte{0xff, 0xff, 0xff, 0xff, 1}, 4); err == nil {
		t.Error("a message of a negative length was read")
	}
}

func TestStandard(t *testing.T) {
	for text, want := range map[string]string{
		`{{"a":1,"b":"x"}:{"c":2}}`: `{"{\"a\":1,\"b\":\"x\"}":{"c":2}}`,
		`{0:"a",1:[]}`:              `{"0":"a","1":[]}`,
		`{"a\"}":{}}`:               `{"a\"}":{}}`,
		` [ 1 , true , null ] `:     `[1,true,null]`,
	} {
		if got, err := standard([]byte(text)); err != nil || string(got) != want {
			t.Errorf("%s became %s and not %s: %v", text, got, want, err)
		}
	}
	for _, text := range []string{"", "{", `{"a"`, `{"a":`, `"\`, `{{{1:2}:3}:4}`, `{"a" 1}`, `[1 2]`, `1 2`, strings.Repeat("[", 100), `{,}`} {
		if got, err := standard([]byte(text)); err == nil {
			t.Errorf("%s became %s", text, got)
		}
	}
}

func FuzzStandard(f *testing.F) {
	for _, name := range []string{"stats-orders.json", "offsets.json", "clusters.json", "connections-billing.json"} {
		f.Add(recorded(f, name))
	}
	f.Add([]byte(`{{"a":"\u0000\\"}:1,-1:2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := standard(text)
		if !json.Valid(text) {
			if len(got) > 16*len(text)+16 {
				t.Fatalf("%d bytes became %d", len(text), len(got))
			}
			return
		}
		var before, after any
		if json.Unmarshal(text, &before) != nil { // a number that is too large
			return
		}
		if err != nil {
			if !strings.Contains(err.Error(), "lie in each other") {
				t.Fatalf("what is JSON is refused: %v", err)
			}
			return
		}
		if err := json.Unmarshal(got, &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%s became %s: %v", text, got, err)
		}
	})
}

func FuzzFrame(f *testing.F) {
	data, err := frame{header: header{Code: 1, Opaque: 7, Fields: map[string]string{"a": "b"}}, body: []byte("body")}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(binary.BigEndian.AppendUint64(nil, 0xffffffff_00000000))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readFrame(bytes.NewReader(data))
		if err != nil {
			return
		}
		again, err := got.encode()
		if err != nil {
			t.Fatal(err)
		}
		same, err := readFrame(bytes.NewReader(again))
		if err != nil || same.Opaque != got.Opaque || same.Code != got.Code || !bytes.Equal(same.body, got.body) {
			t.Fatalf("%+v became %+v: %v", got, same, err)
		}
	})
}

func FuzzMessages(f *testing.F) {
	f.Add(recorded(f, "messages-orders-3.bin"), 5)
	f.Add(pack(isCompressed, zipped([]byte("some text")), "KEYS\x01a b\x02TAGS\x01t\x02"), 0)
	f.Fuzz(func(t *testing.T, data []byte, most int) {
		most = max(most, 0)
		for len(data) > 0 {
			m, rest, err := nextMessage(data, most)
			if err != nil {
				return
			}
			if len(rest) >= len(data) {
				t.Fatal("it does not go on")
			}
			data = rest
			if shown := m.message(most); most > 0 && (len(shown.Value) > most || len(shown.Key) > most) || len(shown.Value) > shown.ValueBytes {
				t.Fatalf("%+v", shown)
			}
		}
	})
}

func FuzzProperties(f *testing.F) {
	f.Add([]byte("KEYS\x01a\x02TAGS\x01b"))
	f.Add([]byte("\x01\x02\x02\x01"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list := properties(text)
		written, err := writeProperties(list)
		if err != nil {
			return
		}
		if again := properties([]byte(written)); !reflect.DeepEqual(again, list) {
			t.Fatalf("%q became %q", list, again)
		}
	})
}
