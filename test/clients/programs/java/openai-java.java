import com.fasterxml.jackson.annotation.JsonTypeName;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;

class Client {
    public static class Person {
        public String name;
        public int age;
    }

    @JsonTypeName("get_weather")
    public static class GetWeather {
        public String city;
    }

    static OpenAIClient with(String key) {
        return OpenAIOkHttpClient.builder().baseUrl(Say.URL).apiKey(key).maxRetries(0).build();
    }

    static final OpenAIClient CLIENT = with(Say.KEY);

    static ChatCompletionCreateParams.Builder asking(String model) {
        return ChatCompletionCreateParams.builder().model(model).addUserMessage("Hello");
    }

    static ChatCompletion ask(String model) {
        return CLIENT.chat().completions().create(asking(model).build());
    }

    static String content(ChatCompletion answer) {
        return answer.choices().get(0).message().content().orElse("");
    }

    static Say.Stream stream(String model) {
        return pieces -> {
            try (var chunks = CLIENT.chat().completions().createStreaming(asking(model).build())) {
                chunks.stream().flatMap(chunk -> chunk.choices().stream()).flatMap(choice -> choice.delta().content().stream())
                    .filter(text -> !text.isEmpty()).forEach(pieces::add);
            }
        };
    }

    static String tools() {
        var asked = asking("fast").addTool(GetWeather.class);
        var message = CLIENT.chat().completions().create(asked.build()).choices().get(0).message();
        var call = message.toolCalls().get().get(0).asFunction();
        var result = ChatCompletionToolMessageParam.builder().toolCallId(call.id()).content("fine").build();
        var answer = CLIENT.chat().completions().create(asked.addMessage(message).addMessage(result).build());
        return call.function().name() + " " + call.function().arguments(GetWeather.class).city + ", " + content(answer);
    }

    static String structured() {
        var asked = asking("fast").responseFormat(Person.class).build();
        var person = CLIENT.chat().completions().create(asked).choices().get(0).message().content().get();
        return person.name + " " + person.age;
    }

    public static void main(String[] args) {
        Say.say("plain", () -> {
            var answer = ask("fast");
            return content(answer) + " " + answer.usage().get().totalTokens() + " tokens";
        });
        Say.say("stream", () -> Say.joined(stream("fast")));
        Say.say("tools", Client::tools);
        Say.say("structured", Client::structured);
        Say.say("400", () -> CLIENT.chat().completions().create(asking("fast").temperature(999).build()));
        Say.say("401", () -> with("wrong").chat().completions().create(asking("fast").build()));
        Say.say("404", () -> ask("missing"));
        Say.say("429", () -> ask("refuses"));
        Say.say("5xx", () -> ask("fails"));
        Say.say("error in stream", () -> Say.broken(stream("overheats")));
        Say.say("queued", () -> {
            Say.joined(stream("queued"));
            return Say.joined(stream("queued"));
        });
        System.exit(0);
    }
}
