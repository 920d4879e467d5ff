package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	openai "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"
)

type params = openai.ChatCompletionNewParams

func with(key string) openai.Client {
	return openai.NewClient(option.WithBaseURL(url), option.WithAPIKey(key), option.WithMaxRetries(0))
}

func ask(model string, change func(*params)) (*openai.ChatCompletion, error) {
	client := with(key)
	return client.Chat.Completions.New(context.Background(), request(model, change))
}

func request(model string, change func(*params)) params {
	asked := params{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hello")}}
	if change != nil {
		change(&asked)
	}
	return asked
}

func content(answer *openai.ChatCompletion, err error) (string, error) {
	// its Error() has the status alone; the words are in a field
	var told *openai.Error
	if errors.As(err, &told) {
		return "", fmt.Errorf("%w: %s", err, told.Message)
	}
	if err != nil {
		return "", err
	}
	return answer.Choices[0].Message.Content, nil
}

func stream(model string) (pieces []string, err error) {
	client := with(key)
	chunks := client.Chat.Completions.NewStreaming(context.Background(), request(model, nil))
	for chunks.Next() {
		for _, choice := range chunks.Current().Choices {
			if choice.Delta.Content != "" {
				pieces = append(pieces, choice.Delta.Content)
			}
		}
	}
	return pieces, chunks.Err()
}

func tools() (string, error) {
	weather := openai.FunctionDefinitionParam{Name: "get_weather", Parameters: openai.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}}}
	offer := func(asked *params) { asked.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(weather)} }
	answer, err := ask("fast", offer)
	if err != nil {
		return "", err
	}
	message := answer.Choices[0].Message
	call := message.ToolCalls[0]
	text, err := content(ask("fast", func(asked *params) {
		offer(asked)
		asked.Messages = append(asked.Messages, message.ToParam(), openai.ToolMessage("fine", call.ID))
	}))
	return fmt.Sprintf("%s %s, %s", call.Function.Name, city(call.Function.Arguments), text), err
}

func main() {
	say("plain", func() (string, error) {
		answer, err := ask("fast", nil)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s %d tokens", answer.Choices[0].Message.Content, answer.Usage.TotalTokens), nil
	})
	say("stream", func() (string, error) { return joined(stream("fast")) })
	say("tools", tools)
	say("structured", func() (string, error) {
		return person(content(ask("fast", func(asked *params) {
			format := shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "person", Strict: openai.Bool(true), Schema: json.RawMessage(schema)}}
			asked.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{OfJSONSchema: &format}
		})))
	})
	say("400", func() (string, error) {
		return content(ask("fast", func(asked *params) { asked.Temperature = openai.Float(999) }))
	})
	say("401", func() (string, error) {
		client := with("wrong")
		return content(client.Chat.Completions.New(context.Background(), request("fast", nil)))
	})
	say("404", func() (string, error) { return content(ask("missing", nil)) })
	say("429", func() (string, error) { return content(ask("refuses", nil)) })
	say("5xx", func() (string, error) { return content(ask("fails", nil)) })
	say("error in stream", func() (string, error) { return broken(stream("overheats")) })
	say("queued", func() (string, error) {
		if _, err := stream("queued"); err != nil {
			return "", err
		}
		return joined(stream("queued"))
	})
}
