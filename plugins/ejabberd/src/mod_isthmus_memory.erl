%%% A bounded memory that any process may use: above its limit the oldest entries are forgotten.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_memory).

-export([new/1, resize/2, put/3, find/2, take/2, forget/2, oldest/1, size/1]).
-export_type([memory/0]).

-record(memory, {entries :: ets:tid(), order :: ets:tid(), limit :: pos_integer()}).
-opaque memory() :: #memory{}.

%% It lives as long as the process that makes it.
-spec new(pos_integer()) -> memory().
new(Limit) ->
    Options = [public, {write_concurrency, true}],
    #memory{entries = ets:new(?MODULE, [set | Options]), order = ets:new(?MODULE, [ordered_set | Options]), limit = Limit}.

%% The same entries under another limit; what is too much goes when the next ones come.
-spec resize(memory(), pos_integer()) -> memory().
resize(Memory, Limit) ->
    Memory#memory{limit = Limit}.

%% Remembers a value as the newest one. True if the oldest had to go for it.
-spec put(memory(), term(), term()) -> boolean().
put(#memory{entries = Entries, order = Order} = Memory, Key, Value) ->
    forget(Memory, Key),
    Age = erlang:unique_integer([monotonic]),
    ets:insert(Entries, {Key, Age, Value}),
    ets:insert(Order, {Age, Key}),
    evict(Memory, false).

-spec find(memory(), term()) -> {ok, term()} | error.
find(#memory{entries = Entries}, Key) ->
    case ets:lookup(Entries, Key) of
        [{_, _, Value}] -> {ok, Value};
        [] -> error
    end.

%% Returns a value and forgets it.
-spec take(memory(), term()) -> {ok, term()} | error.
take(#memory{entries = Entries, order = Order}, Key) ->
    case ets:take(Entries, Key) of
        [{_, Age, Value}] ->
            ets:delete(Order, Age),
            {ok, Value};
        [] ->
            error
    end.

-spec forget(memory(), term()) -> ok.
forget(Memory, Key) ->
    _ = take(Memory, Key),
    ok.

-spec oldest(memory()) -> {ok, Key :: term()} | empty.
oldest(#memory{order = Order}) ->
    case ets:first(Order) of
        '$end_of_table' -> empty;
        Age -> key_of(Order, Age)
    end.

-spec size(memory()) -> non_neg_integer().
size(#memory{entries = Entries}) ->
    ets:info(Entries, size).

%% Another process may take the oldest entry between the two look-ups.
key_of(Order, Age) ->
    case ets:lookup(Order, Age) of
        [{_, Key}] -> {ok, Key};
        [] -> empty
    end.

evict(#memory{limit = Limit} = Memory, Evicted) ->
    case ?MODULE:size(Memory) > Limit andalso oldest(Memory) of
        {ok, Key} ->
            forget(Memory, Key),
            evict(Memory, true);
        _ ->
            Evicted
    end.
