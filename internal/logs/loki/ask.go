package loki

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// value is a line of an answer: its time, its text and, where Loki is asked for
// them, labels of its own.
type value struct {
	nanos int64
	text  string
}

// UnmarshalJSON reads ["nanoseconds", "text", …].
func (v *value) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	if len(parts) < 2 {
		return fmt.Errorf("a line of %d parts", len(parts))
	}
	var stamp string
	if err := errors.Join(json.Unmarshal(parts[0], &stamp), json.Unmarshal(parts[1], &v.text)); err != nil {
		return err
	}
	var err error
	v.nanos, err = strconv.ParseInt(stamp, 10, 64)
	return err
}

// read asks for lines. An answer that is too large is asked for in smaller ones.
func (r *Reader) read(ctx context.Context, w window, size int, direction string) (batch, error) {
	if w.from >= w.to {
		return batch{}, ctx.Err()
	}
	for {
		var answer struct {
			Data struct {
				Result []stream `json:"result"`
			} `json:"data"`
		}
		err := r.ask(ctx, "query_range", url.Values{
			"query": {w.expr}, "start": {strconv.FormatInt(w.from, 10)}, "end": {strconv.FormatInt(w.to, 10)},
			"limit": {strconv.Itoa(size)}, "direction": {direction},
		}, &answer)
		if errors.Is(err, errTooLarge) && size > 1 {
			size /= 2
			continue
		}
		if err != nil {
			return batch{}, err
		}
		n := 0
		for _, s := range answer.Data.Result {
			n += len(s.Values)
		}
		return newBatch(answer.Data.Result, direction == "backward", n >= size), nil
	}
}

// errTooLarge is the error for more bytes than an answer may have.
var errTooLarge = errors.New("the answer is too large")

// ask asks one of the addresses under /loki/api/v1/.
func (r *Reader) ask(ctx context.Context, what string, query url.Values, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+"/loki/api/v1/"+what+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return fmt.Errorf("loki: %w", err)
	}
	response, err := r.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("loki: %s does not answer: %w", r.base, errors.Unwrap(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("loki: read the answer: %w", err)
	case len(body) > maxAnswer || (response.StatusCode >= 500 && bytes.Contains(body, []byte("larger than max"))):
		return fmt.Errorf("loki: %w: narrow the query down", errTooLarge)
	case response.StatusCode != http.StatusOK:
		const enough = 1000
		return fmt.Errorf("loki: %s: %s", response.Status, strings.TrimSpace(string(body[:min(len(body), enough)])))
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("loki: %s gives an answer that is not Loki's: %w", r.base, err)
	}
	return nil
}
