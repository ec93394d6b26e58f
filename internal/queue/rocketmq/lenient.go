package rocketmq

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// mostDepth bounds how deep values may lie in each other.
const mostDepth = 32

// standard makes JSON of what RocketMQ writes (fastjson), where the keys of an
// object may be numbers and objects themselves: {{"queueId":0}:{…}} becomes
// {"{\"queueId\":0}":{…}}. A key within such a key must be a string. What
// else is wrong stays so, for encoding/json to find.
func standard(text []byte) ([]byte, error) {
	p := normalizer{text: text, out: make([]byte, 0, len(text)+len(text)/4)}
	if err := p.value(0); err != nil {
		return nil, fmt.Errorf("at byte %d: %w", p.at, err)
	}
	p.space()
	if p.at < len(p.text) {
		return nil, fmt.Errorf("at byte %d: more after the end", p.at)
	}
	return p.out, nil
}

// decode reads what RocketMQ writes.
func decode(text []byte, into any) error {
	data, err := standard(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

type normalizer struct {
	text, out []byte
	at        int
	inKey     bool
}

// peek is the next letter that is no white space; 0: the text has ended.
func (p *normalizer) peek() byte {
	p.space()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *normalizer) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

func (p *normalizer) copy() {
	p.out = append(p.out, p.text[p.at])
	p.at++
}

func (p *normalizer) value(depth int) error {
	if depth > mostDepth {
		return fmt.Errorf("more than %d values lie in each other", mostDepth)
	}
	switch p.peek() {
	case 0:
		return errEnded
	case '{':
		return p.list('}', func() error { return p.member(depth) })
	case '[':
		return p.list(']', func() error { return p.value(depth + 1) })
	case '"':
		return p.word()
	default:
		return p.plain()
	}
}

var errEnded = fmt.Errorf("it ends too early")

// list copies what stands between brackets, with an item after each comma.
func (p *normalizer) list(end byte, item func() error) error {
	p.copy()
	if p.peek() == end {
		p.copy()
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch p.peek() {
		case end:
			p.copy()
			return nil
		case ',':
			p.copy()
		case 0:
			return errEnded
		default:
			return fmt.Errorf("%q stands where a comma or %q should", p.text[p.at], end)
		}
	}
}

func (p *normalizer) member(depth int) error {
	if err := p.key(depth); err != nil {
		return err
	}
	switch p.peek() {
	case ':':
		p.copy()
	case 0:
		return errEnded
	default:
		return fmt.Errorf("%q stands where a colon should", p.text[p.at])
	}
	return p.value(depth + 1)
}

func (p *normalizer) key(depth int) error {
	if p.peek() == '"' {
		return p.word()
	}
	if p.inKey {
		return fmt.Errorf("a key within a key is no string")
	}
	p.inKey = true
	begin := len(p.out)
	err := p.value(depth + 1)
	p.inKey = false
	if err != nil {
		return err
	}
	quoted, err := json.Marshal(string(p.out[begin:]))
	if err != nil {
		return fmt.Errorf("quote a key: %w", err)
	}
	p.out = append(p.out[:begin], quoted...)
	return nil
}

// word copies a string.
func (p *normalizer) word() error {
	p.copy()
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case '"':
			p.copy()
			return nil
		case '\\':
			p.copy()
			if p.at == len(p.text) {
				return errEnded
			}
		}
		p.copy()
	}
	return errEnded
}

// plain copies a number or a word without quotes.
func (p *normalizer) plain() error {
	begin := p.at
	for p.at < len(p.text) && isPlain(p.text[p.at]) {
		p.copy()
	}
	if p.at == begin {
		return fmt.Errorf("%s stands where a value should", strconv.Quote(string(p.text[p.at])))
	}
	return nil
}

func isPlain(c byte) bool {
	return c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
