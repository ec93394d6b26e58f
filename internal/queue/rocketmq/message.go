package rocketmq

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// What the flags of a stored message say (MessageSysFlag of RocketMQ).
const (
	isCompressed   = 1
	bornAtIPv6     = 1 << 4
	storedAtIPv6   = 1 << 5
	compressedLZ4  = 1
	compressedZstd = 2
	compressedZlib = 3 // or 0, of old clients
)

// The numbers that a stored message begins with (MessageVersion of RocketMQ):
// they differ in how long its topic's name may be.
const (
	magicV1 = -626843481
	magicV2 = -626843477
)

// mostUnpacked bounds what is made of a compressed body.
const mostUnpacked = 64 << 20

// keysProperty holds the keys of a message.
const keysProperty = "KEYS"

// stored is a message as the commit log has it (MessageDecoder of RocketMQ).
type stored struct {
	queueID     int32
	offset      int64
	flags       int32
	time        time.Time
	delivered   int32
	body        []byte
	compression string // of the body, where it is one that is not undone here
	bodyBytes   int
	properties  []queue.Header
}

// cursor reads one value after the other; after the end it reads zeros.
type cursor struct {
	data  []byte
	short bool
}

func (c *cursor) bytes(n int) []byte {
	if n < 0 || n > len(c.data) {
		c.short, c.data = true, nil
		return nil
	}
	head := c.data[:n]
	c.data = c.data[n:]
	return head
}

func (c *cursor) number(size int) int64 {
	data := c.bytes(size)
	if data == nil {
		return 0
	}
	switch size {
	case 1:
		return int64(data[0])
	case 2:
		return int64(int16(binary.BigEndian.Uint16(data))) //nolint:gosec // numbers of Java have a sign
	case 4:
		return int64(int32(binary.BigEndian.Uint32(data))) //nolint:gosec // numbers of Java have a sign
	default:
		return int64(binary.BigEndian.Uint64(data)) //nolint:gosec // numbers of Java have a sign
	}
}

func (c *cursor) int32() int32 { return int32(c.number(4)) } //nolint:gosec // it has four bytes

// nextMessage takes a message off the front of what a broker sent. Of the body
// no more than most bytes are kept; 0: all.
func nextMessage(data []byte, most int) (m stored, rest []byte, err error) {
	whole := cursor{data: data}
	size := int(whole.number(4))
	if size <= 4 || size > len(data) {
		return stored{}, nil, fmt.Errorf("a message of %d bytes in %d", size, len(data))
	}
	c := cursor{data: data[4:size]}
	magic := c.number(4)
	if magic != magicV1 && magic != magicV2 {
		return stored{}, nil, fmt.Errorf("a message begins with %d, which is no version of one", magic)
	}
	c.bytes(4) // checksum of the body
	m.queueID = c.int32()
	c.bytes(4) // flag of the application
	m.offset = c.number(8)
	c.bytes(8) // place in the commit log
	m.flags = c.int32()
	c.bytes(8 + host(m.flags, bornAtIPv6)) // when and where it was made
	m.time = time.UnixMilli(c.number(8))
	c.bytes(host(m.flags, storedAtIPv6))
	m.delivered = c.int32()
	c.bytes(8) // place of the prepared transaction
	body := c.bytes(int(c.number(4)))
	topicLength := 1
	if magic == magicV2 {
		topicLength = 2
	}
	c.bytes(int(c.number(topicLength)))
	m.properties = properties(c.bytes(int(c.number(2))))
	if c.short {
		return stored{}, nil, fmt.Errorf("a message ends within its %d bytes", size)
	}
	m.unpack(body, most)
	return m, data[size:], nil
}

// host is how many bytes an address and its port take.
func host(flags, isIPv6 int32) int {
	if flags&isIPv6 != 0 {
		return 16 + 4
	}
	return 4 + 4
}

// unpack undoes the compression of a body that is compressed with zlib, which
// is what clients do by themselves. What is compressed otherwise, or cannot be
// unpacked, stays so: whoever wrote the message has set its flags.
func (m *stored) unpack(body []byte, most int) {
	kind := m.flags >> 8 & 7
	if m.flags&isCompressed == 0 || kind == compressedLZ4 || kind == compressedZstd {
		m.body, m.bodyBytes = cut(body, most), len(body)
		if m.flags&isCompressed != 0 {
			m.compression = map[int32]string{compressedLZ4: "lz4", compressedZstd: "zstd"}[kind]
		}
		return
	}
	if kind != 0 && kind != compressedZlib || !m.inflate(body, most) {
		m.body, m.bodyBytes, m.compression = cut(body, most), len(body), "something that cannot be undone"
	}
}

// inflate unpacks a body; false: it is not what its flags say.
func (m *stored) inflate(body []byte, most int) bool {
	reader, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return false
	}
	defer reader.Close()
	limited := io.LimitReader(reader, mostUnpacked)
	if m.body, err = io.ReadAll(io.LimitReader(limited, int64(cmp.Or(most, mostUnpacked)))); err != nil {
		return false
	}
	rest, err := io.Copy(io.Discard, limited)
	m.bodyBytes = len(m.body) + int(rest)
	return err == nil
}

func cut(data []byte, most int) []byte {
	if most > 0 && len(data) > most {
		return data[:most]
	}
	return data
}

// Properties are written one after the other with these between.
const (
	afterName  = "\x01"
	afterValue = "\x02"
)

// properties reads what stands beside a message, in the order in which it does.
func properties(text []byte) []queue.Header {
	var list []queue.Header
	for part := range bytes.SplitSeq(text, []byte(afterValue)) {
		if name, value, ok := bytes.Cut(part, []byte(afterName)); ok && len(name) > 0 {
			list = append(list, queue.Header{Name: string(name), Value: value})
		}
	}
	return list
}

var (
	errNoValue   = errors.New("RocketMQ keeps no header without a name or a value")
	errSeparator = errors.New("a header of RocketMQ is text without the characters 1 and 2")
)

// writeProperties is the reverse of properties.
func writeProperties(list []queue.Header) (string, error) {
	var b strings.Builder
	for _, h := range list {
		if h.Name == "" || len(h.Value) == 0 {
			return "", fmt.Errorf("header %q: %w", h.Name, errNoValue)
		}
		if text := h.Name + string(h.Value); strings.ContainsAny(text, afterName+afterValue) || strings.ToValidUTF8(text, "") != text {
			return "", fmt.Errorf("header %q: %w", h.Name, errSeparator)
		}
		b.WriteString(h.Name + afterName + string(h.Value) + afterValue)
	}
	return b.String(), nil
}

// message is the stored message as it is shown. Its time is when the broker
// stored it, by which it also searches.
func (m stored) message(most int) queue.Message {
	shown := queue.Message{
		Partition: m.queueID, Position: strconv.FormatInt(m.offset, 10), Time: m.time,
		Value: m.body, ValueBytes: m.bodyBytes, Redelivered: m.delivered > 0,
	}
	for _, p := range m.properties {
		if p.Name == keysProperty && shown.Key == nil {
			shown.Key, shown.KeyBytes = cut(p.Value, most), len(p.Value)
			continue
		}
		shown.Headers = append(shown.Headers, p)
	}
	if m.compression != "" {
		shown.Headers = append(shown.Headers, queue.Header{Name: "(compressed with)", Value: []byte(m.compression)})
	}
	return shown
}
