%%% Keeps what was handed to the workers until they report it.
%%%
%%% All that is not reported of a pair stands in one place: the queue of a connection, or that of `nobody`, where it waits for a worker
%%% to come. So the pair's next stanza knows behind what it must stay.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_unhandled).

-export([put/3, take/2, take/3, report/3, place_of/2, has_room/3, count/2]).
-export_type([place/0]).

-include("mod_isthmus_hub.hrl").

-type place() :: pid() | nobody.

-spec put(place(), #handed{}, #hub{}) -> #hub{}.
put(Place, #handed{pair = Pair, bytes = Size} = Handed, #hub{holders = Holders, bytes = Bytes} = Hub) ->
    {_, Count} = maps:get(Pair, Holders, {Place, 0}),
    put_queue(Place, mod_isthmus_queue:in(Handed, queue(Place, Hub)), Hub#hub{holders = Holders#{Pair => {Place, Count + 1}}, bytes = Bytes + Size}).

%% Takes away all that a place has; in the order of the numbers.
-spec take(place(), #hub{}) -> {[#handed{}], #hub{}}.
take(Place, Hub) ->
    take(Place, fun(_) -> true end, Hub).

-spec take(place(), fun((#handed{}) -> boolean()), #hub{}) -> {[#handed{}], #hub{}}.
take(Place, IsWanted, Hub) ->
    {Taken, Queue} = mod_isthmus_queue:extract(IsWanted, queue(Place, Hub)),
    {Taken, lists:foldl(fun let_go/2, put_queue(Place, Queue, Hub), Taken)}.

%% The worker has handled what was handed to its connection up to the stanza of this number.
-spec report(pid(), non_neg_integer(), #hub{}) -> #hub{}.
report(Pid, Number, Hub) ->
    {Reported, Queue} = mod_isthmus_queue:out_upto(Number, queue(Pid, Hub)),
    lists:foldl(fun let_go/2, put_queue(Pid, Queue, Hub#hub{full = false}), Reported).

%% Where the unreported stanzas of a pair are; none if there are none.
-spec place_of(mod_isthmus_choice:pair(), #hub{}) -> place() | none.
place_of(Pair, #hub{holders = Holders}) ->
    {Place, _} = maps:get(Pair, Holders, {none, 0}),
    Place.

-spec has_room(place(), non_neg_integer(), #hub{}) -> boolean().
has_room(Place, Size, #hub{bytes = Bytes, options = #{unhandled_limit := Limit, unhandled_bytes := BytesLimit}} = Hub) ->
    count(Place, Hub) < Limit andalso Bytes + Size =< BytesLimit.

-spec count(place(), #hub{}) -> non_neg_integer().
count(Place, Hub) ->
    mod_isthmus_queue:count(queue(Place, Hub)).

let_go(#handed{pair = Pair, bytes = Size}, #hub{holders = Holders, bytes = Bytes} = Hub) ->
    Left = case Holders of
        #{Pair := {_, 1}} -> maps:remove(Pair, Holders);
        #{Pair := {Place, Count}} -> Holders#{Pair := {Place, Count - 1}}
    end,
    Hub#hub{holders = Left, bytes = Bytes - Size}.

queue(nobody, #hub{nobody = Queue}) -> Queue;
queue(Pid, #hub{connections = Connections}) -> (maps:get(Pid, Connections))#connection.queue.

put_queue(nobody, Queue, Hub) ->
    Hub#hub{nobody = Queue};
put_queue(Pid, Queue, #hub{connections = Connections} = Hub) ->
    #{Pid := Connection} = Connections,
    Hub#hub{connections = Connections#{Pid := Connection#connection{queue = Queue}}}.
