%%% The open connections of one component, and everything that is handed to them. One process for each component.
%%%
%%% Callers wait until a stanza is handed over, so a flood waits with its sender and not in memory. The hub itself waits for
%%% nobody: it only puts stanzas into the mailboxes of the connections' processes.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_hub).
-behaviour(gen_server).

-export([attach/1, hand_over/2, announce/3, drain/2, handled/3, answered/2, set_options/2]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, code_change/3]).
-export_type([options/0, announcement/0]).

-include("ejabberd_router.hrl").
-include("mod_isthmus_hub.hrl").

%% The options of mod_isthmus; times are in milliseconds.
-type options() :: #{atom() => term()}.
-type announcement() :: #{name := binary(), acknowledge := boolean(), ready := boolean()}.

%% The calling process is a connection of the component that has authenticated.
-spec attach(mod_isthmus_config:hub()) -> ok | {error, too_many}.
attach(#{name := Name}) ->
    gen_server:call(Name, {attach, self()}, infinity).

%% Gives a stanza to the connection of its pair. From within the hub there is no way: it would wait for itself.
-spec hand_over(stanza(), mod_isthmus_config:hub()) -> ok | {error, not_connected | full}.
hand_over(Packet, #{name := Name}) ->
    case whereis(Name) of
        Hub when Hub =:= self(); Hub =:= undefined -> {error, not_connected};
        Hub -> gen_server:call(Hub, {hand_over, Packet}, infinity)
    end.

%% The calling connection tells who it is; the hub answers its IQ.
-spec announce(stanza(), announcement(), mod_isthmus_config:hub()) -> ok.
announce(Iq, Announcement, #{name := Name}) ->
    gen_server:call(Name, {announce, self(), Iq, Announcement}, infinity).

%% The calling connection wants nothing new; the hub's answer follows all that it was given.
-spec drain(stanza(), mod_isthmus_config:hub()) -> ok.
drain(Iq, #{name := Name}) ->
    gen_server:call(Name, {drain, self(), Iq}, infinity).

%% The calling connection has handled all that it was given up to a number; the hub answers its IQ.
-spec handled(stanza(), pos_integer(), mod_isthmus_config:hub()) -> ok.
handled(Iq, Upto, #{name := Name}) ->
    gen_server:call(Name, {handled, self(), Iq, Upto}, infinity).

%% The calling connection has answered a ping.
-spec answered(binary(), mod_isthmus_config:hub()) -> ok.
answered(Id, #{name := Name}) ->
    gen_server:cast(Name, {answered, self(), Id}).

-spec set_options(binary(), options()) -> ok.
set_options(Component, Options) ->
    gen_server:cast(gen_mod:get_module_proc(Component, ?MODULE), {options, Options}).

init([Component, Options]) ->
    process_flag(trap_exit, true),
    Shared = #{
        component => Component,
        name => gen_mod:get_module_proc(Component, ?MODULE),
        heard => ets:new(?MODULE, [public, {write_concurrency, true}, {read_concurrency, true}]),
        contacts => mod_isthmus_memory:new(maps:get(contact_limit, Options)),
        requests => mod_isthmus_memory:new(maps:get(request_limit, Options)),
        request_lifetime => maps:get(request_lifetime, Options)
    },
    close_strangers(Component),
    mod_isthmus_nodes:watch(),
    erlang:send_after(mod_isthmus_heartbeat:tick(Options), self(), tick),
    erlang:send_after(maps:get(pair_lifetime, Options), self(), rotate),
    Hub = #hub{component = Component, options = Options, shared = Shared, epoch = p1_rand:get_string()},
    mod_isthmus_connections:set_live(Hub),
    mod_isthmus_config:put_hub(Component, Shared),
    {ok, Hub}.

handle_call({hand_over, Packet}, _From, Hub) ->
    {Outcome, Next} = mod_isthmus_handover:hand_over(Packet, Hub),
    {reply, Outcome, Next};
handle_call({attach, Pid}, _From, #hub{connections = Connections, options = #{connection_limit := Limit}} = Hub) ->
    case map_size(Connections) >= Limit of
        true -> {reply, {error, too_many}, Hub};
        false -> {reply, ok, mod_isthmus_connections:attach(Pid, Hub)}
    end;
handle_call({announce, Pid, Iq, Announcement}, _From, Hub) ->
    {reply, ok, mod_isthmus_connections:with(Pid, Hub, fun(Connection) -> mod_isthmus_connections:announced(Connection, Iq, Announcement, Hub) end)};
handle_call({drain, Pid, Iq}, _From, Hub) ->
    {reply, ok, mod_isthmus_connections:with(Pid, Hub, fun(Connection) -> mod_isthmus_connections:drained(Connection, Iq, Hub) end)};
handle_call({handled, Pid, Iq, Upto}, _From, Hub) ->
    {reply, ok, mod_isthmus_connections:with(Pid, Hub, fun(_) ->
        Reported = mod_isthmus_handover:report(Pid, Upto, Hub),
        ejabberd_service:send(Pid, xmpp:make_iq_result(Iq)),
        Reported
    end)}.

handle_cast({answered, Pid, Id}, Hub) ->
    {noreply, mod_isthmus_connections:with(Pid, Hub, fun(Connection) -> mod_isthmus_connections:ping_answered(mod_isthmus_heartbeat:answered(Connection, Id), Hub) end)};
handle_cast({options, Options}, #hub{component = Component, shared = #{contacts := Contacts, requests := Requests} = Shared} = Hub) ->
    #{contact_limit := ContactLimit, request_limit := RequestLimit, request_lifetime := Lifetime} = Options,
    Changed = Shared#{contacts := mod_isthmus_memory:resize(Contacts, ContactLimit),
                      requests := mod_isthmus_memory:resize(Requests, RequestLimit), request_lifetime := Lifetime},
    mod_isthmus_config:put_hub(Component, Changed),
    {noreply, Hub#hub{options = Options, shared = Changed}}.

handle_info(tick, #hub{connections = Connections, options = Options} = Hub) ->
    erlang:send_after(mod_isthmus_heartbeat:tick(Options), self(), tick),
    {noreply, lists:foldl(fun mod_isthmus_connections:check/2, Hub, maps:keys(Connections))};
handle_info(rotate, #hub{keepers = Keepers, options = #{pair_lifetime := Lifetime}} = Hub) ->
    erlang:send_after(Lifetime, self(), rotate),
    {noreply, Hub#hub{keepers = mod_isthmus_choice:rotate(Keepers)}};
handle_info({grace_over, Change}, #hub{changes = Change} = Hub) ->
    {noreply, mod_isthmus_connections:withdraw_contacts(Hub)};
handle_info(waited, Hub) ->
    {noreply, mod_isthmus_handover:give_up_old_ones(Hub)};
handle_info({'DOWN', _Monitor, process, Pid, _Reason}, Hub) ->
    {noreply, mod_isthmus_connections:with(Pid, Hub, fun(Connection) -> mod_isthmus_connections:detach(Connection, Hub) end)};
handle_info({mnesia_system_event, {mnesia_up, Node}}, Hub) ->
    mod_isthmus_nodes:warn(Node),
    {noreply, Hub};
handle_info(_Old, Hub) ->
    {noreply, Hub}.

%% The guard stands and has no list of connections any more: it refuses everything. So they may close in their own time.
terminate(_Reason, #hub{component = Component, connections = Connections, shared = Shared}) ->
    mod_isthmus_config:remove_hub(Component),
    lists:foreach(fun(Pid) -> ejabberd_service:send(Pid, xmpp:serr_reset()) end, maps:keys(Connections)),
    mod_isthmus_contacts:withdraw_all(Shared).

code_change(_OldVersion, Hub, _Extra) ->
    {ok, Hub}.

%% Connections of a time before this hub: the server's own check, or the guard without a list, stands before them. The worker makes
%% new ones.
close_strangers(Component) ->
    Router = list_to_existing_atom("ejabberd_router_" ++ atom_to_list(ejabberd_option:router_db_type())),
    {ok, Routes} = Router:find_routes(Component),
    lists:foreach(fun(#route{pid = Pid}) -> node(Pid) =:= node() andalso ejabberd_service:send(Pid, xmpp:serr_reset()) end, Routes).
