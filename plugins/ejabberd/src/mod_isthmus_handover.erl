%%% Hands stanzas to the workers, numbered for those who report, and to others what a worker cannot handle any more.
%%% Runs in the hub: all stanzas pass through one process, so numbers rise on each connection and a pair keeps its order.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_handover).

-export([hand_over/2, report/3, on_change/1, on_gone/2, give_up_old_ones/1]).

-include("logger.hrl").
-include("mod_isthmus_hub.hrl").

-type outcome() :: ok | {error, not_connected | full}.

%% A stanza for a missing user, or for an address of the component.
-spec hand_over(stanza(), #hub{}) -> {outcome(), #hub{}}.
hand_over(Packet, #hub{shared = Shared, connections = Connections} = Hub) ->
    case mod_isthmus_requests:asker_of(Packet, Shared) of
        {ok, Pid} when is_map_key(Pid, Connections) ->
            ejabberd_service:send(Pid, Packet),
            {ok, Hub};
        _ ->
            Pair = mod_isthmus_choice:pair(xmpp:get_from(Packet), xmpp:get_to(Packet)),
            by_pair(Packet, Pair, is_numbered(Packet), Hub)
    end.

%% The worker has handled what was handed to its connection up to the stanza of this number.
-spec report(pid(), non_neg_integer(), #hub{}) -> #hub{}.
report(Pid, Number, Hub) ->
    Reported = mod_isthmus_unhandled:report(Pid, Number, Hub),
    case Reported#hub.connections of
        #{Pid := #connection{draining = true}} -> release_waiting(Pid, Reported);
        _ -> Reported
    end.

%% Connections have come or gone, or have changed their rank.
-spec on_change(#hub{}) -> #hub{}.
on_change(#hub{connections = Connections} = Hub) ->
    case mod_isthmus_choice:highest_rank(maps:values(Connections)) of
        ready -> take_waiting(lists:foldl(fun take_from_unready/2, Hub, [Pid || {Pid, #connection{ready = false}} <- maps:to_list(Connections)]));
        not_ready -> take_waiting(Hub);
        nameless -> Hub
    end.

%% A connection has gone; what it has not reported goes to others.
-spec on_gone(#connection{}, #hub{}) -> #hub{}.
on_gone(#connection{pid = Pid, name = Name, untold = Untold}, Hub) ->
    {Lost, #hub{connections = Connections, missed = Missed} = Left} = mod_isthmus_unhandled:take(Pid, Hub),
    Lost =/= [] andalso ?INFO_MSG("Connection ~ts has not reported ~b stanzas: they go to others", [Name, length(Lost)]),
    give_again(Lost, Left#hub{connections = maps:remove(Pid, Connections), missed = Missed + maps:get(missed, Untold, 0)}).

%% Nobody has come for what has waited for the grace period: it goes back to its senders.
-spec give_up_old_ones(#hub{}) -> #hub{}.
give_up_old_ones(#hub{options = #{grace_period := Grace}} = Hub) ->
    Deadline = erlang:monotonic_time(millisecond) - Grace,
    {Old, #hub{missed = Missed} = Left} = mod_isthmus_unhandled:take(nobody, fun(#handed{since = Since}) -> Since =< Deadline end, Hub),
    Old =/= [] andalso ?WARNING_MSG("No worker has come for ~b stanzas: they go back to their senders", [length(Old)]),
    {Presences, Others} = lists:partition(fun(#handed{packet = Packet}) -> is_record(Packet, presence) end, Old),
    %% Not from this process: the way back may lead here.
    spawn(fun() -> [mod_isthmus_route:bounce(Packet, not_connected) || #handed{packet = Packet} <- Others] end),
    watch(Left#hub{missed = Missed + length(Presences), watching = false}).

%% An answer to an IQ is of no use to another worker than the one that has asked.
is_numbered(#iq{type = Type}) -> Type =:= get orelse Type =:= set;
is_numbered(_) -> true.

by_pair(Packet, Pair, IsNumbered, Hub) ->
    case place_for(Pair, IsNumbered, Hub) of
        {none, Next} -> {{error, not_connected}, Next};
        {nobody, Next} -> hand_over_numbered(Packet, Pair, nobody, true, Next);
        {#connection{pid = Pid, acknowledges = true, draining = Waits}, Next} when IsNumbered -> hand_over_numbered(Packet, Pair, Pid, Waits, Next);
        {#connection{pid = Pid}, Next} ->
            ejabberd_service:send(Pid, Packet),
            {ok, Next}
    end.

%% Behind what is unreported of the pair; else where the pair is chosen to be. What waits for a worker is joined only while
%% somebody is there who may become one.
place_for(Pair, false, Hub) ->
    choose(Pair, Hub);
place_for(Pair, true, #hub{connections = Connections} = Hub) ->
    case mod_isthmus_unhandled:place_of(Pair, Hub) of
        Pid when is_pid(Pid) -> {maps:get(Pid, Connections), Hub};
        nobody -> {case lists:any(fun mod_isthmus_choice:is_live/1, maps:values(Connections)) of true -> nobody; false -> none end, Hub};
        none -> choose(Pair, Hub)
    end.

hand_over_numbered(Packet, Pair, Place, Waits, Hub) ->
    Bytes = erlang:external_size(Packet),
    case mod_isthmus_unhandled:has_room(Place, Bytes, Hub) of
        true ->
            Number = Hub#hub.number + 1,
            Handed = #handed{number = Number, pair = Pair, packet = without_number(Packet), bytes = Bytes, waits = Waits,
                             since = erlang:monotonic_time(millisecond)},
            {ok, watch(write(Place, Handed, Hub#hub{number = Number}))};
        false ->
            refuse(Packet, Place, Hub)
    end.

%% Presence that finds no room is asked for and told anew by the worker: a ping tells it so.
refuse(Packet, Place, #hub{connections = Connections, missed = Missed} = Hub) ->
    Hub#hub.full orelse ?WARNING_MSG("~b stanzas for one connection and ~b bytes in all are not handled: what is new comes back to its sender",
                                     [mod_isthmus_unhandled:count(Place, Hub), Hub#hub.bytes]),
    Full = Hub#hub{full = true},
    case {Packet, Place} of
        {#presence{}, nobody} -> {ok, Full#hub{missed = Missed + 1}};
        {#presence{}, Pid} -> {ok, Full#hub{connections = maps:update_with(Pid, fun(Each) -> mod_isthmus_heartbeat:tell(missed, 1, Each) end, Connections)}};
        _ -> {{error, full}, Full}
    end.

%% Gives stanzas that have left their place to the connections that are chosen now, or lets them wait for one.
give_again(Lost, Hub) ->
    watch(lists:foldl(fun give_one_again/2, Hub, Lost)).

give_one_again(#handed{pair = Pair, packet = Packet} = Handed, #hub{connections = Connections} = Hub) ->
    Now = erlang:monotonic_time(millisecond),
    case mod_isthmus_choice:highest_rank(maps:values(Connections)) of
        nameless ->
            write(nobody, Handed#handed{waits = true, since = Now}, Hub);
        _ ->
            {#connection{pid = Pid, acknowledges = Acknowledges}, Next} = choose(Pair, Hub),
            case Acknowledges of
                true -> write(Pid, Handed#handed{waits = false}, Next);
                false -> ejabberd_service:send(Pid, Packet), Next
            end
    end.

take_from_unready(Pid, Hub) ->
    {Taken, #hub{connections = Connections} = Left} = mod_isthmus_unhandled:take(Pid, Hub),
    case Taken of
        [] ->
            Left;
        _ ->
            #{Pid := #connection{name = Name} = Connection} = Connections,
            ?INFO_MSG("Connection ~ts is not ready: ~b stanzas go to others", [Name, length(Taken)]),
            #handed{number = Highest} = lists:last(Taken),
            Moved = case Connection#connection.moved of none -> Highest; Before -> max(Before, Highest) end,
            give_again(Taken, Left#hub{connections = Connections#{Pid := Connection#connection{moved = Moved}}})
    end.

%% A worker is there: it gets what has waited, and all are told if presence was missed that was for nobody.
take_waiting(#hub{connections = Connections, missed = Missed} = Hub) ->
    Tell = fun(_, Connection) -> mod_isthmus_heartbeat:tell(missed, Missed, Connection) end,
    {Waiting, Left} = mod_isthmus_unhandled:take(nobody, Hub#hub{connections = maps:map(Tell, Connections), missed = 0}),
    give_again(Waiting, Left).

%% Of a connection that drains: what waits behind nothing any more goes where its pair belongs now.
release_waiting(Pid, #hub{connections = Connections} = Hub) ->
    #{Pid := #connection{queue = Queue}} = Connections,
    {Written, _} = mod_isthmus_queue:extract(fun(#handed{waits = Waits}) -> not Waits end, Queue),
    Held = maps:from_list([{Pair, true} || #handed{pair = Pair} <- Written]),
    {Released, Left} = mod_isthmus_unhandled:take(Pid, fun(#handed{pair = Pair}) -> not is_map_key(Pair, Held) end, Hub),
    give_again(Released, Left).

write(Place, #handed{waits = true} = Handed, Hub) ->
    mod_isthmus_unhandled:put(Place, Handed, Hub);
write(Pid, #handed{number = Number, packet = Packet} = Handed, #hub{epoch = Epoch} = Hub) ->
    Attributes = [{<<"xmlns">>, ?NS_PARTITION}, {<<"epoch">>, Epoch}, {<<"n">>, integer_to_binary(Number)}],
    %% The encoder writes the children that it knows, as a body, behind all others: the last child is put there afterwards.
    #xmlel{children = Children} = Element = xmpp:encode(Packet, ?NS_COMPONENT),
    ejabberd_service:send(Pid, Element#xmlel{children = Children ++ [#xmlel{name = <<"number">>, attrs = Attributes}]}),
    mod_isthmus_unhandled:put(Pid, Handed, Hub).

%% An element of that name which a client has put there is left out.
without_number(Packet) ->
    IsNumber = fun(#xmlel{name = <<"number">>} = Child) -> fxml:get_tag_attr_s(<<"xmlns">>, Child) =:= ?NS_PARTITION;
                  (_) -> false
               end,
    case lists:partition(IsNumber, xmpp:get_els(Packet)) of
        {[], _} -> Packet;
        {_, Others} -> xmpp:set_els(Packet, Others)
    end.

%% The live connection for a pair, which is noted as its keeper.
choose(Pair, #hub{keepers = Keepers, connections = Connections, options = #{pair_limit := Limit}} = Hub) ->
    Connection = mod_isthmus_choice:choose(Pair, maps:values(Connections), Keepers),
    {Connection, Hub#hub{keepers = mod_isthmus_choice:keep(Pair, Connection, Limit, Keepers)}}.

%% Makes sure that what waits for a worker is given up in time.
watch(#hub{watching = true} = Hub) ->
    Hub;
watch(#hub{nobody = Queue, options = #{grace_period := Grace}} = Hub) ->
    case mod_isthmus_queue:first(Queue) of
        empty ->
            Hub;
        #handed{since = Since} ->
            erlang:send_after(max(0, Since + Grace - erlang:monotonic_time(millisecond)), self(), waited),
            Hub#hub{watching = true}
    end.
