package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/report"
)

// shownBytes bounds what is shown of a key or value.
const shownBytes = 64 << 10

func newQueuesPeek(s *streams) *cobra.Command {
	var output, from string
	var partition, limit, most int
	c := queueCommand("peek BROKER/NAME", "Show messages and leave them where they are",
		`  diorama queues peek kafka/orders
  diorama queues peek kafka/orders --from oldest -n 100 -o json
  diorama queues peek kafka/orders --from 1200 --partition 2
  diorama queues peek kafka/orders --from 10m
  diorama queues peek redis/jobs --from 2026-11-27T12:00:00Z`,
		func(ctx context.Context, client keeper.Queues, a address, _ []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			request, err := beginning(from, time.Now())
			if err != nil {
				return err
			}
			request.Queue, request.Limit, request.MostBytes = a.name, limit, most
			if partition >= 0 {
				request.Partition = queue.Known(int64(partition))
			}
			return peek(ctx, s, client, a, request, output)
		}, 1)
	c.Long = `Shows messages without consuming them: no offset is committed and no place moved.
What looking changes all the same, such as the mark of redelivery of RabbitMQ, is
said. Values that are JSON are laid out, what is no text is shown as
hexadecimal.`
	outputFlag(c, &output)
	c.Flags().StringVar(&from, "from", "newest", "where to begin: newest, oldest, an offset, a time (RFC 3339) or how long ago (10m)")
	c.Flags().IntVarP(&limit, "limit", "n", 10, "at most so many messages")
	c.Flags().IntVar(&partition, "partition", -1, "only of this partition (default: all)")
	c.Flags().IntVar(&most, "most-bytes", shownBytes, "at most so much of a key or value; 0: all of it")
	_ = c.RegisterFlagCompletionFunc("from", cobra.FixedCompletions([]string{"newest", "oldest"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// beginning reads where looking is to begin.
func beginning(from string, now time.Time) (queue.PeekRequest, error) {
	var r queue.PeekRequest
	if from == string(queue.FromNewest) || from == string(queue.FromOldest) {
		r.From = queue.From(from)
		return r, nil
	}
	if offset, err := strconv.ParseInt(from, 10, 64); err == nil && offset >= 0 {
		r.From, r.Offset = queue.FromOffset, offset
		return r, nil
	}
	at, err := instant(from, now)
	if err != nil {
		return r, &exitError{ExitUsage, fmt.Errorf("--from %q: expected newest, oldest, an offset, a time (2026-11-27T12:00:00Z) or how long ago (10m)", from)}
	}
	r.From, r.Time = queue.FromTime, at
	return r, nil
}

// instant is a time, or as long before now.
func instant(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Parse(time.RFC3339, text)
}

func peek(ctx context.Context, s *streams, client keeper.Queues, a address, r queue.PeekRequest, output string) error {
	shown := 0
	note, err := client.Peek(ctx, a.stack, r, func(m queue.Message) error {
		shown++
		if output == "json" {
			return json.NewEncoder(s.out).Encode(messageJSON(m))
		}
		return report.Message(s.out, m, s.options())
	})
	if err != nil {
		return err
	}
	if shown == 0 {
		s.say("no messages")
	}
	if note != "" {
		s.say("note: %s", note)
	}
	return nil
}

// shownMessage is a line of `queues peek -o json`. Key and value are text where
// they are valid UTF-8, else base64.
type shownMessage struct {
	Partition   int32             `json:"partition"`
	Position    string            `json:"position"`
	Time        time.Time         `json:"time,omitzero"`
	Key         *string           `json:"key"`
	Value       *string           `json:"value"`
	KeyBase64   []byte            `json:"keyBase64,omitempty"`
	ValueBase64 []byte            `json:"valueBase64,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	KeyBytes    int               `json:"keyBytes"`
	ValueBytes  int               `json:"valueBytes"`
	Redelivered bool              `json:"redelivered,omitempty"`
}

func messageJSON(m queue.Message) shownMessage {
	out := shownMessage{
		Partition: m.Partition, Position: m.Position, Time: m.Time,
		KeyBytes: m.KeyBytes, ValueBytes: m.ValueBytes, Redelivered: m.Redelivered,
	}
	out.Key, out.KeyBase64 = textOrBytes(m.Key)
	out.Value, out.ValueBase64 = textOrBytes(m.Value)
	for _, h := range m.Headers {
		if out.Headers == nil {
			out.Headers = make(map[string]string, len(m.Headers))
		}
		out.Headers[h.Name] = strings.ToValidUTF8(string(h.Value), "\ufffd")
	}
	return out
}

func textOrBytes(data []byte) (*string, []byte) {
	switch {
	case data == nil:
		return nil, nil
	case utf8.Valid(data):
		return new(string(data)), nil
	}
	return nil, data
}

func newQueuesProduce(s *streams) *cobra.Command {
	var key, file string
	var headers []string
	var partition int
	var lines bool
	c := queueCommand("produce BROKER/NAME [VALUE]", "Write a message",
		`  diorama queues produce kafka/orders '{"id":7}' --key 7
  diorama queues produce rabbitmq/jobs --file job.json --header content-type=application/json
  seq 100 | diorama queues produce kafka/orders --lines`,
		func(ctx context.Context, client keeper.Queues, a address, rest []string) error {
			r := queue.ProduceRequest{Queue: a.name}
			if key != "" {
				r.Key = []byte(key)
			}
			if partition >= 0 {
				r.Partition = queue.Known(int64(partition))
			}
			for _, h := range headers {
				name, value, ok := strings.Cut(h, "=")
				if !ok {
					return &exitError{ExitUsage, fmt.Errorf("--header %q: expected NAME=VALUE", h)}
				}
				r.Headers = append(r.Headers, queue.Header{Name: name, Value: []byte(value)})
			}
			data, err := content(s, rest, file)
			if err != nil {
				return err
			}
			return produce(ctx, s, client, a, r, data, lines)
		}, 2)
	c.Long = `Writes a message and ends once the broker has acknowledged it. The value is the
argument, a file, or what comes on standard input; with --lines each line is a
message.`
	c.Flags().StringVar(&key, "key", "", "the message's key")
	c.Flags().StringVarP(&file, "file", "f", "", "the file that is the value (- is standard input)")
	c.Flags().StringArrayVar(&headers, "header", nil, "a header NAME=VALUE; repeatable")
	c.Flags().IntVar(&partition, "partition", -1, "into this partition (default: the system chooses)")
	c.Flags().BoolVar(&lines, "lines", false, "each line is a message")
	_ = c.MarkFlagFilename("file")
	return c
}

// mostProduced bounds a message that is read from a file, in bytes.
const mostProduced = 64 << 20

func content(s *streams, rest []string, file string) ([]byte, error) {
	if len(rest) > 0 {
		if file != "" {
			return nil, &exitError{ExitUsage, errors.New("give the value as an argument or as --file, not both")}
		}
		return []byte(rest[0]), nil
	}
	in := s.in
	switch {
	case file != "" && file != "-":
		f, err := os.Open(file)
		if err != nil {
			return nil, &exitError{ExitUsage, fmt.Errorf("read the message: %w", err)}
		}
		defer f.Close()
		in = f
	case file == "" && s.interactive:
		return nil, &exitError{ExitUsage, errors.New("what is the message? give it as an argument, with --file, or on standard input")}
	}
	data, err := io.ReadAll(io.LimitReader(in, mostProduced+1))
	if err != nil {
		return nil, fmt.Errorf("read the message: %w", err)
	}
	if len(data) > mostProduced {
		return nil, &exitError{ExitUsage, errors.New("the message is larger than 64 MiB")}
	}
	return data, nil
}

func produce(ctx context.Context, s *streams, client keeper.Queues, a address, r queue.ProduceRequest, data []byte, lines bool) error {
	values := [][]byte{data}
	if lines && len(data) == 0 {
		s.say("nothing to write: there is no line")
		return nil
	}
	if lines {
		values = bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	}
	for i, value := range values {
		r.Value = value
		written, err := client.Produce(ctx, a.stack, r)
		if err != nil {
			if i > 0 {
				return fmt.Errorf("%d of %d messages are written: %w", i, len(values), err)
			}
			return err
		}
		if len(values) == 1 {
			s.say("written to %s, partition %d, %s", harmless(a.String()), written.Partition, harmless(written.Position))
		}
	}
	if len(values) > 1 {
		s.say("%d messages written to %s", len(values), harmless(a.String()))
	}
	return nil
}
