// A stream processor on Benthos, the engine under Redpanda Connect: raw records in, one enriched line an event out.
//
// Read from Kinesis with the AWS SDK, user agent by uap-go, city by MaxMind's reader, the page's address and its campaign
// parameters, a session by the gap of 30 minutes in memory. Benthos runs the pipeline, its batches and its acknowledgements.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	lru "github.com/hashicorp/golang-lru"
	"github.com/oschwald/maxminddb-golang"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/ua-parser/uap-go/uaparser"
)

const gapMillis = 30 * 60 * 1000

func client() *kinesis.Client {
	found, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	return kinesis.NewFromConfig(found)
}

// One shard's records as batches.
type shardInput struct {
	kinesis  *kinesis.Client
	stream   string
	number   int
	iterator *string
}

func (in *shardInput) Connect(ctx context.Context) error {
	shards, err := in.kinesis.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &in.stream})
	if err != nil {
		return err
	}
	if in.number >= len(shards.Shards) {
		return service.ErrEndOfInput
	}
	found, err := in.kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: &in.stream, ShardId: shards.Shards[in.number].ShardId,
		ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		return err
	}
	in.iterator = found.ShardIterator
	return nil
}

func (in *shardInput) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	for {
		answer, err := in.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: in.iterator, Limit: aws.Int32(2000)})
		if err != nil {
			return nil, nil, err
		}
		in.iterator = answer.NextShardIterator
		if len(answer.Records) == 0 {
			select {
			case <-ctx.Done():
				return nil, nil, ctx.Err()
			case <-time.After(500 * time.Millisecond):
			}
			continue
		}
		batch := make(service.MessageBatch, 0, len(answer.Records))
		for _, record := range answer.Records {
			batch = append(batch, service.NewMessage(record.Data))
		}
		return batch, func(context.Context, error) error { return nil }, nil
	}
}

func (in *shardInput) Close(context.Context) error { return nil }

type visitor struct {
	last    int64
	session string
	number  int
}

type enricher struct {
	agents   *lru.Cache
	parser   *uaparser.Parser
	cities   *maxminddb.Reader
	places   *lru.Cache
	mutex    sync.Mutex
	visitors map[string]*visitor
}

type city struct {
	City struct {
		Names map[string]string `maxminddb:"names"`
	} `maxminddb:"city"`
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
}

func (e *enricher) ProcessBatch(_ context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	var out service.MessageBatch
	for _, message := range batch {
		data, err := message.AsBytes()
		if err != nil {
			return nil, err
		}
		var record map[string]any
		if err := json.Unmarshal(data, &record); err != nil {
			continue
		}
		events, _ := record["events"].([]any)
		agent, _ := record["user_agent"].(string)
		address, _ := record["ip"].(string)
		id, _ := record["visitor_id"].(string)
		received, _ := record["received_at"].(float64)
		client, place := e.client(agent), e.place(address)
		for _, one := range events {
			event, ok := one.(map[string]any)
			if !ok {
				continue
			}
			at, isNumber := event["ts"].(float64)
			if !isNumber {
				at = received
			}
			row := map[string]any{
				"visitor_id": id, "received_at": received, "site": record["site"],
				"browser": client.UserAgent.Family, "browser_version": client.UserAgent.Major,
				"os": client.Os.Family, "os_version": client.Os.Major, "device": client.Device.Family,
				"city": place.City.Names["en"], "country": place.Country.Code,
			}
			for name, value := range event {
				row[name] = value
			}
			addPage(row, event)
			row["session_id"], row["session_number"] = e.session(id, int64(at))
			line, err := json.Marshal(row)
			if err != nil {
				return nil, err
			}
			made := service.NewMessage(append(line, '\n'))
			made.MetaSetMut("key", id)
			out = append(out, made)
		}
	}
	return []service.MessageBatch{out}, nil
}

var utms = []string{
	"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id",
	"utm_source_platform", "utm_creative_format", "utm_marketing_tactic",
}

// The parts of the page's address and its campaign parameters.
func addPage(row, event map[string]any) {
	page, _ := event["page"].(map[string]any)
	text, _ := page["url"].(string)
	address, err := url.Parse(text)
	if text == "" || err != nil {
		return
	}
	row["page_host"], row["page_path"], row["page_query"] = address.Hostname(), address.EscapedPath(), address.RawQuery
	if address.RawQuery == "" {
		return
	}
	given := address.Query()
	for _, name := range utms {
		if value := given.Get(name); value != "" {
			row[name] = value
		}
	}
}

func (e *enricher) client(agent string) *uaparser.Client {
	if found, ok := e.agents.Get(agent); ok {
		return found.(*uaparser.Client)
	}
	made := e.parser.Parse(agent)
	e.agents.Add(agent, made)
	return made
}

func (e *enricher) place(address string) *city {
	if found, ok := e.places.Get(address); ok {
		return found.(*city)
	}
	made := &city{}
	if e.cities != nil { // an address the database does not hold has no place
		_ = e.cities.Lookup(net.ParseIP(address), made)
	}
	e.places.Add(address, made)
	return made
}

func (e *enricher) session(id string, at int64) (string, int) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	found := e.visitors[id]
	if found == nil {
		found = &visitor{}
		e.visitors[id] = found
	}
	if found.session == "" || at-found.last > gapMillis {
		found.number++
		found.session = fmt.Sprintf("%s-%d", id, at)
	}
	if at > found.last {
		found.last = at
	}
	return found.session, found.number
}

func (e *enricher) Close(context.Context) error { return nil }

type streamOutput struct {
	kinesis *kinesis.Client
	stream  string
}

func (out *streamOutput) Connect(context.Context) error { return nil }

func (out *streamOutput) WriteBatch(ctx context.Context, batch service.MessageBatch) error {
	for start := 0; start < len(batch); start += 500 {
		end := min(start+500, len(batch))
		entries := make([]types.PutRecordsRequestEntry, 0, end-start)
		for _, message := range batch[start:end] {
			data, err := message.AsBytes()
			if err != nil {
				return err
			}
			key, _ := message.MetaGetMut("key")
			text, _ := key.(string)
			entries = append(entries, types.PutRecordsRequestEntry{Data: data, PartitionKey: aws.String(text + "/")})
		}
		answer, err := out.kinesis.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: &out.stream, Records: entries})
		if err != nil {
			return err
		}
		if answer.FailedRecordCount != nil && *answer.FailedRecordCount > 0 {
			return fmt.Errorf("%d records refused", *answer.FailedRecordCount)
		}
	}
	return nil
}

func (out *streamOutput) Close(context.Context) error { return nil }

func register() {
	input := service.NewConfigSpec().Field(service.NewStringField("stream")).Field(service.NewIntField("shard"))
	must(service.RegisterBatchInput("shard", input, func(conf *service.ParsedConfig, _ *service.Resources) (service.BatchInput, error) {
		stream, err := conf.FieldString("stream")
		if err != nil {
			return nil, err
		}
		number, err := conf.FieldInt("shard")
		return &shardInput{kinesis: client(), stream: stream, number: number}, err
	}))
	must(service.RegisterBatchProcessor("enrich", service.NewConfigSpec(), func(*service.ParsedConfig, *service.Resources) (service.BatchProcessor, error) {
		agents, _ := lru.New(20_000)
		places, _ := lru.New(20_000)
		e := &enricher{agents: agents, places: places, parser: uaparser.NewFromSaved(), visitors: map[string]*visitor{}}
		if file := os.Getenv("PEER_GEO_CITY"); file != "" {
			opened, err := maxminddb.Open(file)
			if err != nil {
				return nil, err
			}
			e.cities = opened
		}
		return e, nil
	}))
	output := service.NewConfigSpec().Field(service.NewStringField("stream"))
	must(service.RegisterBatchOutput("stream", output, func(conf *service.ParsedConfig, _ *service.Resources) (service.BatchOutput, service.BatchPolicy, int, error) {
		stream, err := conf.FieldString("stream")
		return &streamOutput{kinesis: client(), stream: stream}, service.BatchPolicy{}, 1, err
	}))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	register()
	service.RunCLI(context.Background())
}
