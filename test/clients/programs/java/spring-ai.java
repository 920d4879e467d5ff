import java.util.List;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.converter.BeanOutputConverter;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;

class Client {
    public record Person(String name, int age) {}

    public record Place(String city) {}

    static final Message HELLO = new UserMessage("Hello");

    static OpenAiChatOptions.Builder options(String model) {
        var options = OpenAiChatOptions.builder();
        options.baseUrl(Say.URL).apiKey(Say.KEY).maxRetries(0).model(model);
        return options;
    }

    static OpenAiChatModel model(OpenAiChatOptions.Builder options) {
        return OpenAiChatModel.builder().options(options.build()).build();
    }

    static ChatResponse ask(OpenAiChatOptions.Builder options, Message... messages) {
        return model(options).call(new Prompt(List.of(messages), options.build()));
    }

    static String content(ChatResponse answer) {
        return answer.getResult().getOutput().getText();
    }

    static Say.Stream stream(String name) {
        var options = options(name);
        return pieces -> model(options).stream(new Prompt(List.of(HELLO), options.build())).doOnNext(chunk -> {
            var text = chunk.getResult() == null ? null : content(chunk);
            if (text != null && !text.isEmpty()) pieces.add(text);
        }).blockLast();
    }

    static String tools() {
        var tool = FunctionToolCallback.builder("get_weather", (Place place) -> "fine").description("The weather in a city").inputType(Place.class).build();
        var options = options("fast");
        options.toolCallbacks(tool);
        var called = ask(options, HELLO).getResult().getOutput();
        var call = called.getToolCalls().get(0);
        var result = ToolResponseMessage.builder().responses(List.of(new ToolResponseMessage.ToolResponse(call.id(), call.name(), "fine"))).build();
        var city = new BeanOutputConverter<>(Place.class).convert(call.arguments()).city();
        return call.name() + " " + city + ", " + content(ask(options, HELLO, called, result));
    }

    static String structured() {
        var converter = new BeanOutputConverter<>(Person.class);
        var options = options("fast");
        options.outputSchema(converter.getJsonSchema());
        var person = converter.convert(content(ask(options, HELLO)));
        return person.name() + " " + person.age();
    }

    public static void main(String[] args) {
        Say.say("plain", () -> {
            var answer = ask(options("fast"), HELLO);
            return content(answer) + " " + answer.getMetadata().getUsage().getTotalTokens() + " tokens";
        });
        Say.say("stream", () -> Say.joined(stream("fast")));
        Say.say("tools", Client::tools);
        Say.say("structured", Client::structured);
        Say.say("400", () -> {
            var options = options("fast");
            options.temperature(999.0);
            return ask(options, HELLO);
        });
        Say.say("401", () -> {
            var options = options("fast");
            options.apiKey("wrong");
            return ask(options, HELLO);
        });
        Say.say("404", () -> ask(options("missing"), HELLO));
        Say.say("429", () -> ask(options("refuses"), HELLO));
        Say.say("5xx", () -> ask(options("fails"), HELLO));
        Say.say("error in stream", () -> Say.broken(stream("overheats")));
        Say.say("queued", () -> {
            Say.joined(stream("queued"));
            return Say.joined(stream("queued"));
        });
        System.exit(0);
    }
}
