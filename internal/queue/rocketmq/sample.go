package rocketmq

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/queue"
)

// atATime bounds the requests that are under way, which is how many threads a
// broker has for them by itself (adminBrokerThreadPoolNums).
const atATime = 16

// overview is what a broker says in few requests about all that it has.
type overview struct {
	clusters   clusterInfo
	noClusters error // why the name server did not answer
	topics     topicConfigs
	groups     groupConfigs
	offsets    consumerOffsets
	system     topicNames
	runtime    runtimeInfo
}

// Sample asks for all topics and groups. A few requests tell what there is and
// how far groups are; then one a topic tells where it begins and ends, and one
// a group who its members are. Of these a sample asks so many and no more: see
// mostTopics and mostGroups. Of two samples at once one waits for the other.
func (s *Source) Sample(ctx context.Context) (*queue.Sample, error) {
	select {
	case <-s.sampling:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { s.sampling <- struct{}{} }()
	at := time.Now()
	var a asker
	seen, err := s.overview(ctx, &a)
	if err != nil {
		return nil, err
	}
	offsets := byGroup(seen)
	s.known.begin(seen, offsets)
	topics := s.known.topicsToAsk(seen.topics.Topics)
	groups := s.known.groupsToAsk(seen.groups.Groups, offsets)
	stats, members, err := s.details(ctx, &a, topics, groups)
	if err != nil {
		return nil, err
	}
	alarms, err := s.alarms(ctx, &a, seen)
	if err != nil {
		return nil, err
	}
	s.known.learn(stats, members)
	defer s.known.end()
	return &queue.Sample{
		At: at, Version: version(seen.runtime.Table["brokerVersionDesc"]), Nodes: nodes(seen.clusters), Alarms: alarms,
		Queues: s.known.queues(seen), Groups: s.known.shownGroupsOf(seen, offsets), Requests: int(a.requests.Load()),
	}, nil
}

func (s *Source) overview(ctx context.Context, a *asker) (overview, error) {
	var seen overview
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		seen.clusters, seen.noClusters = get[clusterInfo](ctx, a, s.namesrv, askClusters, nil)
		return nil // the broker is there without it
	})
	group.Go(func() error {
		seen.topics = s.known.topicConfigs
		same, err := unchanged(ctx, a, s.broker, askTopicConfigs, seen.topics.Version)
		if err == nil && !same {
			seen.topics, err = get[topicConfigs](ctx, a, s.broker, askTopicConfigs, nil)
		}
		return err
	})
	group.Go(func() error {
		seen.groups = s.known.groupConfigs
		same, err := unchanged(ctx, a, s.broker, askGroupConfigs, seen.groups.Version)
		if err == nil && !same {
			seen.groups, err = get[groupConfigs](ctx, a, s.broker, askGroupConfigs, nil)
		}
		return err
	})
	fetch(ctx, group, a, s.broker, askConsumerOffsets, &seen.offsets)
	fetch(ctx, group, a, s.broker, askSystemTopics, &seen.system)
	fetch(ctx, group, a, s.broker, askRuntime, &seen.runtime)
	err := group.Wait()
	return seen, err
}

func fetch[T any](ctx context.Context, group *errgroup.Group, a *asker, c *client, code int, into *T) {
	group.Go(func() (err error) {
		*into, err = get[T](ctx, a, c, code, nil)
		return err
	})
}

// details asks for single topics and groups. The offsets of groups are known
// by now, so that what is written meanwhile makes no lag negative.
func (s *Source) details(ctx context.Context, a *asker, topics, groups []string) (
	stats map[string]topicStats, members map[string]connections, err error,
) {
	stats, members = make(map[string]topicStats, len(topics)), make(map[string]connections, len(groups))
	var mu sync.Mutex
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(atATime)
	for _, topic := range topics {
		work.Go(func() error {
			answer, err := get[topicStats](ctx, a, s.broker, askTopicStats, map[string]string{"topic": topic})
			if refusedWith(err, topicNotExist) {
				return nil // deleted a moment ago
			}
			mu.Lock()
			defer mu.Unlock()
			stats[topic] = answer
			return err
		})
	}
	for _, name := range groups {
		work.Go(func() error {
			answer, err := get[connections](ctx, a, s.broker, askConnections, map[string]string{"consumerGroup": name})
			if refusedWith(err, consumerNotOnline) {
				err = nil
			}
			mu.Lock()
			defer mu.Unlock()
			members[name] = answer
			return err
		})
	}
	err = work.Wait()
	return stats, members, err
}

// committed are the offsets of a group by topic and queue.
type committed map[string]map[int32]int64

// byGroup sorts the offsets by group. Those of topics that are not there any
// more are left out, and those of group@broadcast: there a proxy notes how far
// single members are whose group has no offset in common. So are those below 0,
// which a client that has read nothing yet commits: the broker itself takes them
// for none.
func byGroup(seen overview) map[string]committed {
	groups := make(map[string]committed, len(seen.groups.Groups))
	for key, offsets := range seen.offsets.Table {
		topic, group, ok := strings.Cut(key, "@")
		if _, there := seen.topics.Topics[topic]; !ok || !there || strings.Contains(group, "@") {
			continue
		}
		if groups[group] == nil {
			groups[group] = committed{}
		}
		maps.DeleteFunc(offsets, func(_ int32, offset int64) bool { return offset < 0 })
		groups[group][topic] = offsets
	}
	return groups
}

func nodes(clusters clusterInfo) queue.Nodes {
	n := queue.Nodes{Answering: 1}
	for _, broker := range clusters.Brokers {
		n.Known += len(broker.Addresses)
	}
	n.Known = max(n.Known, n.Answering)
	return n
}

// version makes 5.4.0 of V5_4_0.
func version(described string) string {
	return strings.ReplaceAll(strings.TrimPrefix(described, "V"), "_", ".")
}

// worryingDisk is the share of the disk from which the broker's own limit is
// asked for; usualLimit is that limit where it does not say.
const (
	worryingDisk = 0.75
	usualLimit   = 90
)

func (s *Source) alarms(ctx context.Context, a *asker, seen overview) ([]string, error) {
	var alarms []string
	switch known := nodes(seen.clusters).Known; {
	case seen.noClusters != nil:
		alarms = append(alarms, fmt.Sprintf("clients find no broker: %v", seen.noClusters))
	case len(seen.clusters.Brokers) == 0:
		alarms = append(alarms, "clients find no broker: none has registered with the name server")
	case known > 1:
		alarms = append(alarms, fmt.Sprintf("the name server knows %d brokers; only the one at %s is asked", known, s.broker.address))
	}
	used, err := strconv.ParseFloat(seen.runtime.Table["commitLogDiskRatio"], 64)
	if err != nil || used < worryingDisk {
		return alarms, nil
	}
	answer, err := a.ask(ctx, s.broker, askBrokerConfig, nil, nil)
	if err != nil {
		return nil, err
	}
	limit, ok := setting(answer.body, "diskSpaceWarningLevelRatio")
	if !ok {
		limit = usualLimit
	}
	if used*100 >= limit {
		alarms = append(alarms, fmt.Sprintf("the disk is %.0f %% full: from %.0f %% on, messages are refused", math.Floor(used*100), limit))
	}
	return alarms, nil
}

// setting finds a number in the settings of a broker, lines of key=value.
func setting(settings []byte, key string) (float64, bool) {
	for line := range strings.Lines(string(settings)) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name == key {
			number, err := strconv.ParseFloat(value, 64)
			return number, err == nil
		}
	}
	return 0, false
}

// sortedByName is a map's values by name.
func sortedByName[T any](all map[string]*T) []*T {
	list := make([]*T, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[name])
	}
	return list
}
