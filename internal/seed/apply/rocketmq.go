package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/diorama-dev/diorama/internal/queue"
)

// groupMaker is a source that can make groups.
type groupMaker interface {
	CreateGroup(ctx context.Context, name string) error
}

// rocketmq goes through the system's adapter: what the broker has, its sample
// says, and what is not there, its creator makes.
func (a *applier) rocketmq(ctx context.Context) error {
	creator, ok := a.target.Source.(queue.Creator)
	if !ok {
		return fmt.Errorf("nothing here can make topics in %s", a.set.Instance)
	}
	var sample *queue.Sample
	err := a.reach(ctx, func(ctx context.Context) (err error) {
		sample, err = a.target.Source.Sample(ctx)
		return err
	}, nil)
	if err != nil {
		return err
	}
	for _, topic := range a.set.Topics {
		subject := "topic " + topic.Name
		at := slices.IndexFunc(sample.Queues, func(q *queue.Queue) bool { return q.Name == topic.Name })
		if at < 0 {
			request := queue.CreateRequest{Name: topic.Name, Kind: queue.KindTopic, Partitions: topic.Partitions}
			if err := creator.Create(ctx, request); err != nil { // it returns once the broker shows it
				return failed(topic.At, subject, err)
			}
			a.created(subject)
			continue
		}
		var different []string
		if is := len(sample.Queues[at].Partitions); topic.Partitions > 0 && is != int(topic.Partitions) {
			different = append(different, fmt.Sprintf("has %s, the seed says %d", counted(is, "queue"), topic.Partitions))
		}
		a.compared(subject, topic.At, different)
	}
	return a.rocketGroups(ctx, sample)
}

func (a *applier) rocketGroups(ctx context.Context, sample *queue.Sample) error {
	maker, able := a.target.Source.(groupMaker)
	for _, group := range a.set.Groups {
		subject := "group " + group.Name
		switch {
		case slices.ContainsFunc(sample.Groups, func(g *queue.Group) bool { return g.Name == group.Name }):
			a.unchanged(subject)
		case !able:
			a.compared(subject, group.At, []string{"is not there: the broker makes it when its first member comes"})
		default:
			if err := maker.CreateGroup(ctx, group.Name); err != nil {
				return failed(group.At, subject, err)
			}
			a.created(subject)
		}
	}
	return nil
}
