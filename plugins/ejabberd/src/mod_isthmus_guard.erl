%%% The guard on what the gateway sends: from its own domain or from a user who is not here, and from nobody else.
%%%
%%% ejabberd's listener compares the domain of `from` by itself and ends the stream on a mismatch. The guard lifts that check for a connection
%%% at its beginning, marks it, and from then on refuses everything of a marked connection that no hub knows. Hooks are never
%%% removed while a marked connection could still be open, so whatever stops or fails leaves the connection mute.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_guard).

-export([component_init/2, component_connected/1, component_send_packet/1]).

-include("logger.hrl").
-include("mod_isthmus.hrl").

-define(MARK, ?MODULE).

-type state() :: ejabberd_service:state().

%% A connection has come to a listener. Only a listener of the component's own is trusted with the lifted check: on a shared one it would be
%% lifted for its neighbours.
-spec component_init({ok, state()} | term(), list()) -> {ok, state()} | term().
component_init({ok, State} = Result, Options) ->
    Hosts = [Host || {Host, _} <- proplists:get_value(hosts, Options, [])],
    case [Host || Host <- Hosts, mod_isthmus_config:hub(Host) =/= undefined] of
        [Component] when Hosts =:= [Component] ->
            proplists:get_value(check_from, Options, true) orelse
                ?WARNING_MSG("check_from is off for ~ts: whenever mod_isthmus is not loaded, nobody checks its senders", [Component]),
            put(?MARK, Component),
            {ok, State#{check_from => false, ?MARK => Component}};
        _ ->
            Result
    end;
component_init(Result, _Options) ->
    Result.

%% Runs in the connection's process, after the handshake and before its first stanza.
-spec component_connected(binary()) -> ok.
component_connected(Component) ->
    case {mod_isthmus_config:hub(Component), get(?MARK)} of
        {undefined, _} ->
            ok;
        {Hub, Component} ->
            mod_isthmus_hub:attach(Hub) =:= ok orelse
                reject(Component, fun xmpp:serr_resource_constraint/2, <<"Too many connections; see connection_limit">>);
        {_, _} ->
            reject(Component, fun xmpp:serr_policy_violation/2, <<"The component needs a listener of its own: one whose option hosts lists it alone">>)
    end,
    ok.

%% What the guard cannot judge it refuses, also for an error of its own: a hook that crashes would be passed over.
-spec component_send_packet({stanza() | drop, state()}) -> {stanza() | drop, state()} | {stop, {drop, state()}}.
component_send_packet({drop, _State} = Result) ->
    Result;
component_send_packet({Packet, #{?MARK := Component} = State}) ->
    try guard(Packet, State, mod_isthmus_config:hub(Component))
    catch
        Class:Reason:Stack ->
            ?ERROR_MSG("Dropped a stanza of ~ts: ~p:~p ~p", [Component, Class, Reason, Stack]),
            {stop, {drop, State}}
    end;
component_send_packet(Result) ->
    Result.

guard(_Packet, State, undefined) ->
    {stop, {drop, State}};
guard(Packet, State, #{heard := Heard} = Hub) ->
    IsAttached = ets:update_element(Heard, self(), {2, erlang:monotonic_time(millisecond)}),
    case IsAttached andalso may_speak_for(xmpp:get_from(Packet), Hub) of
        true -> pass(Packet, State, Hub);
        false -> refuse(Packet, State, Hub)
    end.

%% Addresses are prepared, so another letter case is no way around.
may_speak_for(#jid{lserver = Component}, #{component := Component}) ->
    true;
may_speak_for(From, #{component := Component}) ->
    mod_isthmus_accounts:is_missing(From, Component).

pass(Packet, State, #{component := Component} = Hub) ->
    case mod_isthmus_service:serve(Packet, Hub) of
        served -> {stop, {drop, State}};
        {reply, Reply} -> {stop, {drop, ejabberd_service:send(State, Reply)}};
        not_for_us ->
            case mod_isthmus_accounts:is_missing(xmpp:get_to(Packet), Component) of
                true -> {stop, {drop, answer(Packet, fun xmpp:err_item_not_found/0, State)}};
                false -> note(Packet, State, Hub)
            end
    end.

note(Packet, State, Hub) ->
    mod_isthmus_requests:note(Packet, Hub),
    mod_isthmus_contacts:note(Packet, Hub),
    mod_isthmus_probe:note(Packet, Hub),
    {Packet, State}.

refuse(Packet, State, #{component := Component}) ->
    ?WARNING_MSG("Refused ~ts of ~ts from ~ts to ~ts: not a sender of the gateway",
                 [element(1, Packet), Component, jid:encode(xmpp:get_from(Packet)), jid:encode(xmpp:get_to(Packet))]),
    {stop, {drop, answer(Packet, fun() -> xmpp:err_forbidden(<<"The gateway may not send from this address">>, <<"en">>) end, State)}}.

%% An error, unless the stanza is an answer itself.
answer(Packet, Error, State) ->
    case xmpp:get_type(Packet) of
        Type when Type =:= error; Type =:= result -> State;
        _ -> ejabberd_service:send(State, xmpp:make_error(Packet, Error()))
    end.

reject(Component, StreamError, Text) ->
    ?WARNING_MSG("Connection to ~ts rejected: ~ts", [Component, Text]),
    ejabberd_service:send(self(), StreamError(Text, <<"en">>)).
