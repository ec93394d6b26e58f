package rocketmq

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A frame of the remoting protocol is the length of all that follows, the
// length of the header with the way it is written in the high byte, the header
// and the body (RemotingCommand.encode of RocketMQ).
const (
	// mostFrame bounds a frame, so that a length that is none costs no memory.
	mostFrame = 64 << 20
	// atOnce is how much of a frame gets memory before any of it has come.
	atOnce = 1 << 20
	// asJSON is the high byte where the header is JSON. A broker answers as it
	// was asked, and we ask in JSON.
	asJSON = 0
	// isResponse is the bit of the flags that an answer has.
	isResponse = 1
	// protocolVersion is the place of V5_0_0 in RocketMQ's MQVersion. From 4.9.4
	// on brokers answer some requests more strictly.
	protocolVersion = 413
)

// header says what a frame is: a request or the answer with the same Opaque.
type header struct {
	Code     int               `json:"code"`
	Language string            `json:"language"`
	Version  int               `json:"version"`
	Opaque   int32             `json:"opaque"`
	Flag     int               `json:"flag"`
	Remark   string            `json:"remark,omitempty"`
	Fields   map[string]string `json:"extFields,omitempty"`
}

// frame is a message of the remoting protocol.
type frame struct {
	header
	body []byte
}

// encode is the frame as it is sent.
func (f frame) encode() ([]byte, error) {
	head, err := json.Marshal(f.header)
	if err != nil {
		return nil, fmt.Errorf("write the header of a request: %w", err)
	}
	length := 4 + len(head) + len(f.body)
	if length > mostFrame {
		return nil, fmt.Errorf("a request of %d bytes is longer than the %d that are sent", length, mostFrame)
	}
	data := make([]byte, 0, 4+length)
	data = binary.BigEndian.AppendUint32(data, uint32(length))    //nolint:gosec // below mostFrame
	data = binary.BigEndian.AppendUint32(data, uint32(len(head))) //nolint:gosec // below mostFrame, so that its high byte is asJSON
	data = append(data, head...)
	return append(data, f.body...), nil
}

// readFrame reads a frame. At the end of the stream between two it is io.EOF.
func readFrame(r io.Reader) (frame, error) {
	var lengths [8]byte
	if _, err := io.ReadFull(r, lengths[:4]); err != nil {
		return frame{}, err
	}
	if _, err := io.ReadFull(r, lengths[4:]); err != nil {
		return frame{}, unexpected(err)
	}
	length, head := binary.BigEndian.Uint32(lengths[:4]), binary.BigEndian.Uint32(lengths[4:])
	written := head >> 24
	head &= 1<<24 - 1
	switch {
	case length > mostFrame:
		return frame{}, fmt.Errorf("a frame of %d bytes is more than the %d that are read: is this a RocketMQ port?", length, mostFrame)
	case length < 4 || head > length-4:
		return frame{}, fmt.Errorf("a frame of %d bytes has a header of %d: is this a RocketMQ port?", length, head)
	case written != asJSON:
		return frame{}, fmt.Errorf("a header is written in the way %d and not as JSON", written)
	}
	data, err := readAll(r, int(length-4))
	if err != nil {
		return frame{}, unexpected(err)
	}
	f := frame{body: data[head:]}
	if err := json.Unmarshal(data[:head], &f.header); err != nil {
		return frame{}, fmt.Errorf("read the header of a frame: %w", err)
	}
	return f, nil
}

// readAll reads n bytes and takes memory as they come.
func readAll(r io.Reader, n int) ([]byte, error) {
	data := make([]byte, 0, min(n, atOnce))
	for len(data) < n {
		if len(data) == cap(data) {
			grown := make([]byte, len(data), min(n, 2*cap(data)))
			copy(grown, data)
			data = grown
		}
		part := data[len(data):cap(data)]
		if _, err := io.ReadFull(r, part); err != nil {
			return nil, err
		}
		data = data[:cap(data)]
	}
	return data, nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
