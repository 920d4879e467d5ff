package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	openai "github.com/sashabaranov/go-openai"
)

type params = openai.ChatCompletionRequest

func with(key string) *openai.Client {
	config := openai.DefaultConfig(key)
	config.BaseURL = url
	return openai.NewClientWithConfig(config)
}

func ask(model string, change func(*params)) (openai.ChatCompletionResponse, error) {
	return with(key).CreateChatCompletion(context.Background(), request(model, change))
}

func request(model string, change func(*params)) params {
	asked := params{Model: model, Messages: []openai.ChatCompletionMessage{{Role: "user", Content: "Hello"}}}
	if change != nil {
		change(&asked)
	}
	return asked
}

func content(answer openai.ChatCompletionResponse, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return answer.Choices[0].Message.Content, nil
}

func stream(model string) (pieces []string, err error) {
	chunks, err := with(key).CreateChatCompletionStream(context.Background(), request(model, nil))
	if err != nil {
		return nil, err
	}
	defer chunks.Close()
	for {
		chunk, err := chunks.Recv()
		if errors.Is(err, io.EOF) {
			return pieces, nil
		}
		if err != nil {
			return pieces, err
		}
		for _, choice := range chunk.Choices {
			if choice.Delta.Content != "" {
				pieces = append(pieces, choice.Delta.Content)
			}
		}
	}
}

func tools() (string, error) {
	weather := openai.FunctionDefinition{Name: "get_weather", Parameters: map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}}}
	offer := func(asked *params) { asked.Tools = []openai.Tool{{Type: "function", Function: &weather}} }
	answer, err := ask("fast", offer)
	if err != nil {
		return "", err
	}
	message := answer.Choices[0].Message
	call := message.ToolCalls[0]
	text, err := content(ask("fast", func(asked *params) {
		offer(asked)
		asked.Messages = append(asked.Messages, message, openai.ChatCompletionMessage{Role: "tool", ToolCallID: call.ID, Content: "fine"})
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
			format := openai.ChatCompletionResponseFormatJSONSchema{Name: "person", Strict: true, Schema: json.RawMessage(schema)}
			asked.ResponseFormat = &openai.ChatCompletionResponseFormat{Type: "json_schema", JSONSchema: &format}
		})))
	})
	say("400", func() (string, error) {
		return content(ask("fast", func(asked *params) { asked.Temperature = 999 }))
	})
	say("401", func() (string, error) {
		return content(with("wrong").CreateChatCompletion(context.Background(), request("fast", nil)))
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
