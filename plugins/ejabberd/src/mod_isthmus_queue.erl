%%% What was handed to one place and is not reported, in the order of handing over.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_queue).

-export([new/0, in/2, count/1, out_upto/2, extract/2, first/1]).
-export_type([queue/0]).

-include("mod_isthmus.hrl").

%% `written`: the numbers that were written, and so may be reported.
-record(queue, {entries = queue:new() :: queue:queue(#handed{}), written = #{} :: #{pos_integer() => true}}).
-opaque queue() :: #queue{}.

-spec new() -> queue().
new() ->
    #queue{}.

-spec in(#handed{}, queue()) -> queue().
in(#handed{waits = true} = Handed, #queue{entries = Entries} = Queue) ->
    Queue#queue{entries = queue:in(Handed, Entries)};
in(#handed{number = Number} = Handed, #queue{entries = Entries, written = Written} = Queue) ->
    Queue#queue{entries = queue:in(Handed, Entries), written = Written#{Number => true}}.

-spec count(queue()) -> non_neg_integer().
count(#queue{entries = Entries}) ->
    queue:len(Entries).

-spec first(queue()) -> #handed{} | empty.
first(#queue{entries = Entries}) ->
    case queue:peek(Entries) of
        {value, First} -> First;
        empty -> empty
    end.

%% Takes the written entry of this number and all before it; nothing if there is none.
-spec out_upto(non_neg_integer(), queue()) -> {[#handed{}], queue()}.
out_upto(Number, #queue{written = Written} = Queue) ->
    case is_map_key(Number, Written) of
        true -> out_upto(Number, Queue, []);
        false -> {[], Queue}
    end.

%% Takes the entries that are wanted; in the order of the numbers.
-spec extract(fun((#handed{}) -> boolean()), queue()) -> {[#handed{}], queue()}.
extract(IsWanted, #queue{entries = Entries}) ->
    {Taken, Left} = lists:partition(IsWanted, queue:to_list(Entries)),
    {lists:keysort(#handed.number, Taken), lists:foldl(fun in/2, new(), Left)}.

out_upto(Number, #queue{entries = Entries, written = Written}, Taken) ->
    {{value, First}, Left} = queue:out(Entries),
    Queue = #queue{entries = Left, written = maps:remove(First#handed.number, Written)},
    case First of
        #handed{number = Number} -> {[First | Taken], Queue};
        _ -> out_upto(Number, Queue, [First | Taken])
    end.
